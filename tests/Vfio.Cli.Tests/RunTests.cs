using System.Diagnostics;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli.Tests;

public sealed class RunTests : IDisposable
{
    private static readonly FakeDevice Card =
        new("0000:05:00.0", 0x8086, 0x10d3, "020000") { Driver = "e1000e", Group = 30 };

    private readonly FakeHost _host = FakeHost.Typical();
    private readonly string _folder = Directory.CreateTempSubdirectory("run-").FullName;
    private GuardInThread? _guard;

    public void Dispose()
    {
        _guard?.Dispose();
        _host.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Result Run(Func<CliHost, CliHost> change, params string[] arguments) =>
        Tool.Run(_host, Tool.Narrow, host => change(host with
        {
            IsRoot = true,
            FindVariable = name => name == "PATH" ? "/usr/bin:/bin" : null,
            StartGuardian = (guardHost, order) => _guard = new GuardInThread(guardHost, order),
        }), arguments);

    private Result Run(params string[] arguments) => Run(host => host, arguments);

    [Theory]
    [InlineData(0, "true")]
    [InlineData(3, "sh", "-c", "exit 3")]
    [InlineData(128 + 15, "sh", "-c", "kill -TERM $$")]
    [InlineData(128 + 9, "sh", "-c", "kill -KILL $$")]
    public void The_exit_code_is_the_commands(int code, params string[] words) =>
        Assert.Equal((code, "", ""), Deconstruct(Run(["run", "emu:edu", "--", .. words])));

    [Fact]
    public void A_command_that_cannot_be_started_has_the_shells_exit_codes_and_nothing_is_bound()
    {
        _host.Add(Card);
        Run("run", "05:00.0", "--", "no-such-program-here")
            .FailedWith(127, "no-such-program-here: there is no such program", "after --");
        Run("run", "05:00.0", "--", "/etc/passwd").FailedWith(126, "/etc/passwd: it is not a program", "after --");
        Run("run", "05:00.0", "--", "/etc").FailedWith(126, "/etc: it is not a program", "after --");
        Assert.False(Directory.Exists(_host.PathOf("run/vfio")));
    }

    [Fact]
    public void A_file_that_the_kernel_cannot_execute_is_126_and_the_device_is_released()
    {
        _host.Add(Card);
        using FakeKernel kernel = new(_host, Card);
        string program = Path.Combine(_folder, "program");
        File.WriteAllText(program, "no program at all\n");
        File.SetUnixFileMode(program, UnixFileMode.UserExecute | UnixFileMode.UserRead);
        Run("run", "05:00.0", "--", program).FailedWith(126, program, "after --");
        AssertHandedBack();
    }

    [Fact]
    public void The_command_gets_the_device_its_words_and_the_address_and_the_device_is_released()
    {
        _host.Add(Card);
        using FakeKernel kernel = new(_host, Card);
        string file = Path.Combine(_folder, "told");
        Result result = Run(
            "run",
            "05:00.0",
            "--",
            "sh",
            "-c",
            "printf '%s ' \"$VFIO_DEVICES\" \"$@\" > " + file + "; cat " + _host.PathOf("run/vfio/0000:05:00.0.json")
            + " >> " + file,
            "sh",
            "--json",
            "a b");
        Assert.Equal((0, "", ""), Deconstruct(result));
        string told = File.ReadAllText(file);
        Assert.StartsWith("0000:05:00.0 --json a b {", told, StringComparison.Ordinal);
        Assert.Contains("e1000e", told, StringComparison.Ordinal);
        AssertHandedBack();
        Assert.Single(_guard!.Watched);
    }

    [Fact]
    public void A_device_that_was_bound_before_stays_bound_and_needs_no_guardian()
    {
        Run("run", "0000:03:01.0", "emu:edu", "--", "sh", "-c", "test \"$VFIO_DEVICES\" = 0000:03:01.0,emu:edu")
            .Succeeded();
        Assert.Null(_guard);
    }

    [Fact]
    public void Of_two_devices_only_the_one_that_it_bound_is_released()
    {
        _host.Add(Card);
        using FakeKernel kernel = new(_host, Card);
        Run("run", "05:00.0", "03:01.0", "--", "true").Succeeded();
        AssertHandedBack();
        Assert.Contains("vfio-pci", Tool.Run(_host, "list", "--json").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_its_supervisor_the_guardian_ends_the_command_and_releases()
    {
        _host.Add(Card);
        using FakeKernel kernel = new(_host, Card);
        using StringWriter errors = new();
        using GuardInThread guard = new(
            Tool.MakeHost(_host.Root, Tool.Narrow, TextWriter.Null, errors) with { IsRoot = true },
            new GuardianOrder([PciAddress.Parse("05:00.0")], false, false, null));
        Assert.Equal(["0000:05:00.0"], guard.Take(CancellationToken.None));
        using Process command = Process.Start("sleep", "600");
        guard.Watch(command.Id);
        if (HostUser.CurrentId == 0)
        {
            Assert.Equal(0, guard.Vanish());
            Assert.True(command.WaitForExit(Eventually.Limit));
            Assert.Equal(128 + 15, command.ExitCode);
        }
        else
        {
            // The process does not belong to the caller, because this guardian believes that root called.
            Assert.Equal(0, guard.Vanish());
            Assert.False(command.HasExited);
            command.Kill();
        }

        AssertHandedBack();
        Assert.Equal("", errors.ToString());
    }

    [Theory]
    [InlineData("command 99999999999\n")]
    [InlineData("command -1\n")]
    [InlineData("nonsense\n")]
    [InlineData("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nend\n")]
    [InlineData("command 12345678901234567890123456789012345678901234567890123456789012345678901234567890\nend\n")]
    public void Whatever_the_supervisor_sends_the_guardian_releases(string text)
    {
        _host.Add(Card);
        using FakeKernel kernel = new(_host, Card);
        using GuardInThread guard = new(
            Tool.MakeHost(_host.Root, Tool.Narrow, TextWriter.Null, TextWriter.Null) with { IsRoot = true },
            new GuardianOrder([PciAddress.Parse("05:00.0")], false, false, null));
        Assert.NotNull(guard.Take(CancellationToken.None));
        guard.Say(text);
        Assert.Equal(0, guard.Vanish());
        AssertHandedBack();
    }

    [Fact]
    public void A_process_of_another_user_is_not_accepted_as_the_command()
    {
        using Process sleep = Process.Start("sleep", "600");
        uint me = HostUser.CurrentId;
        foreach ((uint caller, int? found) in ((uint, int?)[])[(me + 1, null), (me, sleep.Id)])
        {
            using SupervisorLink link = new(
                new MemoryStream(System.Text.Encoding.ASCII.GetBytes($"command {sleep.Id}\nend\n")), caller);
            link.WaitForEnd();
            Assert.Equal(found, link.Command?.Id);
            Assert.True(link.IsOrderly);
        }

        sleep.Kill();
    }

    [Fact]
    public void A_refusal_is_reported_before_a_password_is_asked_for()
    {
        Result result = Run("run", "00:06.0", "--", "true")
            .FailedWith(125, "its disk nvme0n1 is mounted on /srv", "--force");
        Assert.Equal("", result.Output);
        Assert.Null(_guard);
    }

    [Theory]
    [InlineData("no command is given", "vfio run DEV -- CMD", "run", "emu:edu")]
    [InlineData("no command is given", "vfio run DEV -- CMD", "run", "emu:edu", "--")]
    [InlineData("'zebra' is not a device", "vfio list", "run", "zebra", "--", "true")]
    [InlineData("'soon' is not a timeout", "vfio run --help", "run", "--timeout", "soon", "emu:edu", "--", "true")]
    public void Its_own_mistakes_are_125(string message, string hint, params string[] arguments) =>
        Run(arguments).FailedWith(125, message, hint);

    [Fact]
    public void A_dry_run_prints_the_steps_and_binds_nothing()
    {
        Result result = Run("run", "--dry-run", "--timeout", "5", "00:14.3", "--", "./driver", "--fast").Succeeded();
        Approved.Matches("run-dry-run", result.Output);
        Assert.False(Directory.Exists(_host.PathOf("run/vfio")));
    }

    [Fact]
    public void Without_root_it_is_sudo_or_pkexec_or_neither_that_starts_the_guardian()
    {
        string[] line = ["run", "--dry-run", "00:14.3", "--", "true"];
        CliHost Ordinary(CliHost host) =>
            host with { IsRoot = false, FindVariable = name => name == "PATH" ? _folder : null };
        Plant("true");
        Run(Ordinary, line).FailedWith(125, "neither sudo nor pkexec", "vfio bind --user");
        Plant("pkexec");
        Assert.Contains($"by {_folder}/pkexec\n", Run(Ordinary, line).Succeeded().Output, StringComparison.Ordinal);
        Plant("sudo");
        Assert.Contains($"by {_folder}/sudo\n", Run(Ordinary, line).Succeeded().Output, StringComparison.Ordinal);
        CliHost host = Ordinary(Tool.MakeHost(_host.Root, Tool.Narrow, TextWriter.Null, TextWriter.Null));
        Assert.Equal([$"{_folder}/sudo", "-n", "--"], Elevation.CommandLine(host, ["guard"])[..3]);
        Assert.Equal(
            [$"{_folder}/sudo", "--"], Elevation.CommandLine(host with { HasTerminal = true }, ["guard"])[..2]);
        Assert.Equal("guard", Elevation.CommandLine(host, ["guard"])[^1]);
    }

    [Theory]
    [InlineData("SUDO_UID", "0", 0u)]
    [InlineData("SUDO_UID", "1", 1u)]
    [InlineData("PKEXEC_UID", "1", 1u)]
    [InlineData("OTHER", "1", 0u)]
    public void The_caller_is_the_user_who_called_sudo(string variable, string value, uint id) =>
        Assert.Equal(id, Caller.Of(HostWith(name => name == variable ? value : null)).Id);

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("root")]
    [InlineData("4294967295")]
    [InlineData("99999999999")]
    public void An_unknown_caller_runs_nothing(string value) =>
        Assert.Contains(
            "not a user of this host",
            Assert.Throws<CliException>(() => Caller.Of(HostWith(name => name == "SUDO_UID" ? value : null))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void The_variables_of_users_other_than_root_are_ignored() =>
        Assert.Equal(
            (HostUser.CurrentId, (HostUser?)null),
            (Caller.Of(HostWith(_ => "1") with { IsRoot = false }) is { } caller ? (caller.Id, caller.User) : default));

    [Theory]
    [InlineData("1 (a) S 1 500 400 34816 500 4194304", true)]
    [InlineData("1 (a) b) S 1 500 400 34816 501 4194304", false)]
    [InlineData("1 (a) S 1 500 400 0 -1 4194304", false)]
    [InlineData("1 (a) S 1 500 400 34816 -1 4194304", false)]
    [InlineData("", false)]
    public void The_keyboard_reaches_only_the_foreground_job(string stat, bool isForeground) =>
        Assert.Equal(isForeground, ForegroundJob.IsForeground(stat));

    [Theory]
    [InlineData(false, 15, true)]
    [InlineData(true, 15, true)]
    [InlineData(false, 3, true)]
    [InlineData(true, 3, false)]
    [InlineData(true, 2, false)]
    public void A_signal_is_the_commands_and_the_keyboards_is_not_doubled(bool isForeground, int number, bool isSentOn)
    {
        // Not a real signal, because a signal of the keyboard would end the run of these tests.
        using CommandSignals signals = new(() => isForeground);
        using Process sleep = Process.Start("sleep", "600");
        using HostProcess command = HostProcess.Find(sleep.Id)!;
        signals.ForwardTo(command);
        signals.Receive(number);
        Assert.False(signals.Asked.IsCancellationRequested);
        Assert.Equal(isSentOn, sleep.WaitForExit(isSentOn ? Eventually.Limit : TimeSpan.FromSeconds(0.2)));
        sleep.Kill();
        sleep.WaitForExit();
        Assert.Equal(128 + (isSentOn ? number : 9), sleep.ExitCode);
    }

    [Fact]
    public void A_signal_before_the_command_asks_to_stop_and_is_the_commands_once_it_runs()
    {
        using CommandSignals signals = new(() => true);
        signals.Receive(15);
        signals.Receive(1);
        Assert.True(signals.Asked.IsCancellationRequested);
        Assert.Equal(128 + 15, signals.Code);
        using Process sleep = Process.Start("sleep", "600");
        using HostProcess command = HostProcess.Find(sleep.Id)!;
        signals.ForwardTo(command);
        Assert.True(sleep.WaitForExit(Eventually.Limit));
        Assert.Equal(128 + 15, sleep.ExitCode);
    }

    [Fact]
    public async Task A_real_signal_reaches_the_command()
    {
        string file = Path.Combine(_folder, "started");
        Task<Result> run = Task.Run(
            () => Run(
                "run", "emu:edu", "--", "sh", "-c", $"trap 'kill $!; exit 7' HUP; sleep 600 & touch {file}; wait"),
            TestContext.Current.CancellationToken);
        Eventually.Holds(() => File.Exists(file), "the command has started");
        // Uses the builtin of the shell, because a minimal host has no other kill (procps).
        using (Process kill = Process.Start("sh", ["-c", $"kill -HUP {Environment.ProcessId}"]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(7, (await run).ExitCode);
    }

    private CliHost HostWith(Func<string, string?> variables) =>
        Tool.MakeHost(
            _host.Root, Tool.Narrow, TextWriter.Null, TextWriter.Null) with
        { IsRoot = true, FindVariable = variables };

    private void Plant(string name)
    {
        string program = Path.Combine(_folder, name);
        File.WriteAllText(program, "#!/bin/sh\n");
        File.SetUnixFileMode(program, UnixFileMode.UserExecute | UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private void AssertHandedBack()
    {
        Assert.False(File.Exists(_host.PathOf("run/vfio/0000:05:00.0.json")));
        Assert.Equal("e1000e", new PciBus(_host.Root).Get(PciAddress.Parse("05:00.0")).Driver);
    }

    private static (int, string, string) Deconstruct(Result result) => (result.ExitCode, result.Output, result.Errors);
}
