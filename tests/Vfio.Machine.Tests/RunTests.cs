using System.Diagnostics;

namespace Vfio.Machine.Tests;

/// <summary><c>vfio run</c>: the command's exit code, and the release of the device however the command ends.</summary>
public sealed class RunTests : HostTest
{
    private static readonly TimeSpan Patience = Machine.Patience;

    private readonly string _folder = Directory.CreateTempSubdirectory("run-").FullName;

    public RunTests() => Machine.Do($"chmod 777 {_folder}");

    [Theory]
    [InlineData(0, "true")]
    [InlineData(3, "sh", "-c", "exit 3")]
    [InlineData(128 + 15, "sh", "-c", "kill -TERM $$")]
    [InlineData(128 + 9, "sh", "-c", "kill -KILL $$")]
    [InlineData(127, "no-such-program-here")]
    [InlineData(126, "/etc/passwd")]
    public void The_exit_code_is_the_commands(int code, params string[] words)
    {
        Assert.Equal(code, Machine.Vfio(["run", Machine.Nic, "--", .. words]).ExitCode);
        AssertHostUntouched();
    }

    [Fact]
    public void The_command_uses_the_device()
    {
        Assert.Matches(
            "0x[0-9a-f]+ed",
            Machine.Vfio("run", Machine.Edu, "--", "sh", "-c", $"exec {Machine.Tool} read $VFIO_DEVICES bar0")
                .Succeeded());
        Assert.Matches(
            "0x[0-9a-f]+ed",
            Machine.Vfio("run", "--group", Machine.GroupedEdu, "--", Machine.Tool, "read", Machine.GroupedEdu, "bar0")
                .Succeeded());
        AssertHostUntouched();
    }

    [Fact]
    public void Setting_the_clock_does_not_change_the_holder_of_a_device()
    {
        using Process run = Start(Machine.Tool, "run", Machine.Nic, "--", "sh", "-c", Waiting("exec sleep 600"));
        WaitForCommand();
        Machine.Do("date -s '+1 day'");
        try
        {
            Machine.Vfio("run", Machine.Nic, "--", "true")
                .FailedWith(125, "it is bound by user", "wait until that program ends");
        }
        finally
        {
            Machine.Do("date -s '-1 day'");
        }

        run.Kill();
        WaitUntilUntouched();
    }

    [Fact]
    public void If_it_is_killed_the_command_is_ended_and_the_device_is_released()
    {
        using Process run = Start(Machine.Tool, "run", Machine.Nic, "--", "sh", "-c", Waiting("exec sleep 600"));
        int command = WaitForCommand();
        run.Kill();
        WaitUntilUntouched();
        Assert.False(IsAlive(command));
    }

    [Fact]
    public void A_command_that_ignores_SIGTERM_is_killed_after_its_supervisor_and_the_device_is_released()
    {
        using Process run = Start(
            Machine.Tool,
            "run",
            Machine.Nic,
            "--",
            "sh",
            "-c",
            $"trap '' TERM; {Waiting("while :; do sleep 1; done")}");
        int command = WaitForCommand();
        run.Kill();
        WaitUntilUntouched();
        Assert.False(IsAlive(command));
    }

    [Fact]
    public void If_its_whole_process_group_is_killed_the_device_is_released()
    {
        using Process run = Start(
            "setsid", Machine.Tool, "run", Machine.Nic, "--", "sh", "-c", Waiting("exec sleep 600"));
        int command = WaitForCommand();
        Machine.Do($"kill -KILL -$(ps -o pgid= -p {command} | tr -d ' ')");
        WaitUntilUntouched();
        Assert.False(IsAlive(command));
    }

    [Fact]
    public void If_the_command_is_killed_the_device_is_released()
    {
        using Process run = Start(Machine.Tool, "run", Machine.Nic, "--", "sh", "-c", Waiting("exec sleep 600"));
        Machine.Do($"kill -KILL {WaitForCommand()}");
        Assert.True(run.WaitForExit(Patience));
        Assert.Equal(128 + 9, run.ExitCode);
        AssertHostUntouched();
    }

    [Fact]
    public void SIGTERM_is_the_commands()
    {
        using Process run = Start(Machine.Tool, "run", Machine.Nic, "--", "sh", "-c", Waiting(
            "while :; do sleep 0.1; done", first: "trap 'echo told; exit 5' TERM; "));
        WaitForCommand();
        Machine.Do($"kill -TERM {run.Id}");
        Assert.True(run.WaitForExit(Patience));
        Assert.Equal((5, "told\n"), (run.ExitCode, run.StandardOutput.ReadToEnd()));
        AssertHostUntouched();
    }

    [Fact]
    public void A_guardian_that_cannot_leave_its_process_group_holds_the_device_through_a_child_that_can()
    {
        // As sudo starts it with use_pty: as the leader of a process group, which is killed as a whole.
        using Process leader = Start("setsid", Machine.Tool, "guard", Machine.Nic);
        Assert.Equal($"taken {Machine.Nic}", leader.StandardOutput.ReadLine());
        Machine.Do($"kill -KILL -{leader.Id}");
        Assert.True(leader.WaitForExit(Patience));
        Assert.Equal("vfio-pci", Machine.Device(Machine.Nic).Driver);
        leader.StandardInput.Close();
        WaitUntilUntouched();
    }

    [Fact]
    public void If_the_terminal_is_closed_the_device_is_released()
    {
        using Process terminal = StartOnTerminal(
            $"{Machine.Tool} run {Machine.Nic} -- sh -c '{Waiting("exec sleep 600")}'");
        int command = WaitForCommand();
        terminal.Kill();
        WaitUntilUntouched();
        Assert.False(IsAlive(command));
    }

    [Fact]
    public void Ctrl_C_reaches_the_command_once()
    {
        string count = Path.Combine(_folder, "count");
        string script = Waiting(
            "n=0; while [ $n -lt 20 ]; do sleep 0.1; n=$((n+1)); done; exit 6",
            first: $"trap \"echo one >> {count}\" INT; ");
        using Process terminal = StartOnTerminal($"{Machine.Tool} run {Machine.Nic} -- sh -c '{script}'; echo code $?");
        WaitForCommand();
        terminal.StandardInput.Write("\u0003");
        terminal.StandardInput.Flush();
        Assert.Contains("code 6", terminal.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
        Assert.Equal("one\n", File.ReadAllText(count));
        AssertHostUntouched();
    }

    [Fact]
    public void Two_at_once_have_two_devices_and_the_second_on_one_is_refused()
    {
        using Process first = Start(Machine.Tool, "run", Machine.Nic, "--", "sh", "-c", Waiting("exec sleep 600"));
        int command = WaitForCommand();
        Machine.Vfio("run", Machine.Edu, "--", "true").Succeeded();
        Result second = Machine.Vfio("run", Machine.Nic, "--", "true");
        second.FailedWith(125, "it is bound by user root through pid ", "that program ends");
        Machine.Do($"kill -TERM {command}");
        Assert.True(first.WaitForExit(Patience));
        AssertHostUntouched();
    }

    [Fact]
    public void A_device_that_was_bound_before_stays_bound()
    {
        Machine.Vfio("bind", Machine.Nic).Succeeded();
        string before = HostSnapshot.Take();
        Machine.Vfio("run", Machine.Nic, "--", "true").Succeeded();
        Assert.Equal(before, HostSnapshot.Take());
        Machine.Vfio("release", Machine.Nic).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void A_program_that_stays_with_the_device_is_named_and_release_finishes_later()
    {
        string start = $"{Machine.CProgram} {Machine.Nic} {Machine.Group(Machine.Nic)} --hold < {_folder}/pipe > "
            + $"{_folder}/out 2>&1 & echo $! > {_folder}/holder; while ! grep -q fd {_folder}/out; do sleep 0.1; done";
        Machine.Do(
            $"mkfifo {_folder}/pipe; (exec sleep 600 > {_folder}/pipe) > /dev/null 2>&1 & echo $! > {_folder}/writer");
        Result run = Machine.Vfio("run", "--timeout", "1", Machine.Nic, "--", "sh", "-c", start);
        string holder = File.ReadAllText($"{_folder}/holder").Trim();
        Assert.Equal(125, run.ExitCode);
        Assert.Contains($"waiting up to 1 s for pid {holder}", run.Errors, StringComparison.Ordinal);
        Assert.Contains($"it is still in use by pid {holder}", run.Errors, StringComparison.Ordinal);
        Machine.Do($"kill {holder}; kill $(cat {_folder}/writer)");
        Assert.True(Machine.Becomes(() => !Directory.Exists($"/proc/{holder}")));
        Machine.Vfio("release", Machine.Nic).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void An_ordinary_user_runs_it_through_sudo_and_the_command_is_that_users()
    {
        InstallSudo();
        Result run = Machine.VfioAsUser(
            "run",
            Machine.Edu,
            "--",
            "sh",
            "-c",
            $"id -un; cat /proc/self/status | grep CapEff; exec {Machine.Tool} read $VFIO_DEVICES bar0");
        string output = run.Succeeded();
        Assert.StartsWith("user\nCapEff:\t0000000000000000\n", output, StringComparison.Ordinal);
        Assert.Matches("0x[0-9a-f]+ed", output);
        AssertHostUntouched();

        // The guardian is root, but the command does not run as root.
        Assert.Equal(
            "user user 0000:00:03.0\n",
            Machine.RunAsUser(
                "sudo", Machine.Tool, "run", Machine.Edu, "--", "sh", "-c", "echo $(id -un) $USER $VFIO_DEVICES")
                .Succeeded());
        AssertHostUntouched();
    }

    [Fact]
    public void If_an_ordinary_users_run_is_killed_the_device_is_released_and_a_refusal_by_sudo_is_reported()
    {
        InstallSudo();
        using Process run = Start(
            "setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--", Machine.Tool, "run", Machine.Nic, "--",
            "sh", "-c", Waiting("exec sleep 600"));
        int command = WaitForCommand();
        run.Kill();
        WaitUntilUntouched();
        Assert.False(IsAlive(command));

        Machine.Do("rm /etc/sudoers.d/machine");
        Result refused = Machine.VfioAsUser("run", Machine.Nic, "--", "true");
        Assert.Equal(125, refused.ExitCode);
        Assert.Contains("no device was bound", refused.Errors, StringComparison.Ordinal);
        AssertHostUntouched();
    }

    public override void Dispose()
    {
        Machine.Shell("rm -f /etc/sudoers.d/machine");
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    // The machine's setup unpacks it but does not install it, because the host need not have it.
    private static void InstallSudo()
    {
        string? tree = Environment.GetEnvironmentVariable("MACHINE_SUDO");
        Assert.SkipWhen(
            !File.Exists("/usr/bin/sudo") && string.IsNullOrEmpty(tree),
            "there is no sudo: tests/machine/setup unpacks it");
        Machine.Do($"[ -e /usr/bin/sudo ] || tar -C '{tree}' -c usr etc | tar -C / -x --no-same-owner; chmod 4755 "
            + $"/usr/bin/sudo; echo '{Machine.User} ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/machine; chmod 440 "
            + $"/etc/sudoers.d/machine");
    }

    // The shell that becomes the command prints its process ID first.
    private string Waiting(string command, string first = "") =>
        $"{first}echo $$ > {_folder}/new; mv {_folder}/new {_folder}/pid; {command}";

    private int WaitForCommand()
    {
        string file = Path.Combine(_folder, "pid");
        Assert.True(Machine.Becomes(() => File.Exists(file)), "the command was not started");
        return int.Parse(File.ReadAllText(file), System.Globalization.CultureInfo.InvariantCulture);
    }

    private void WaitUntilUntouched()
    {
        Assert.True(Machine.Becomes(() => HostSnapshot.Take() == Before), "the device did not come back");
        AssertHostUntouched();
    }

    private static bool IsAlive(int process) =>
        Machine.Shell($"grep -q '^State:.[^ZX]' /proc/{process}/status 2> /dev/null").ExitCode == 0;

    private static Process Start(string program, params string[] arguments) => Machine.Start(program, arguments);

    private static Process StartOnTerminal(string command) =>
        Machine.Start("env", "--default-signal=INT", "TERM=dumb", "script", "-qec", command, "/dev/null");
}
