using System.Diagnostics;
using System.Globalization;

namespace Vfio.Machine.Tests;

/// <summary>
/// <c>vfio broker</c> under its own user without capabilities, and clients of other users that may not open any node.
/// </summary>
public sealed class BrokerTests : HostTest
{
    private const string BrokerUser = "daemon";
    private const int Client = 1000;
    private const int Stranger = 1001;
    private const string Folder = "/tmp/broker-test";
    private const string Socket = Folder + "/socket";
    private const string Policy = Folder + "/policy";

    [Theory]
    [InlineData("iommufd")]
    [InlineData("type1v2")]
    public void An_ordinary_user_reads_and_resets_a_device_that_only_the_broker_may_open(string backend)
    {
        using Service broker = Start(Machine.Nic);
        Result direct = As(Client, [], Machine.Tool, "read", "--backend", backend, Machine.Nic, "bar0+8");
        Assert.Equal(1, direct.ExitCode);
        Assert.Contains("EACCES", direct.Errors, StringComparison.Ordinal);
        Assert.Matches(
            "^0x[0-9a-f]{8}\n$", Through(Client, [], "read", "--backend", backend, Machine.Nic, "bar0+8").Succeeded());
        Through(Client, [], "reset", Machine.Nic).Succeeded();
        Assert.Contains(
            "CapEff:\t0000000000000000", File.ReadAllText($"/proc/{broker.Id}/status"), StringComparison.Ordinal);
        string record = broker.Stop();
        Assert.Contains($"opened user={Machine.User} uid=1000 pid=", record, StringComparison.Ordinal);
        Assert.Contains(
            $"device={Machine.Nic} backend={(backend == "iommufd" ? backend : "group")} line=1",
            record,
            StringComparison.Ordinal);
        Assert.Equal(2, Count(record, "closed user="));
    }

    [Theory]
    [InlineData("iommufd")]
    [InlineData("type1v2")]
    public void Memory_is_charged_to_the_client_by_its_own_limit(string backend)
    {
        // The broker itself may not lock any memory.
        using Service broker = Start(Machine.Edu);
        string script = $"{Folder}/alloc";
        File.WriteAllText(script, "alloc 0x100000\n");
        Through(
            Client, ["prlimit", "--memlock=8388608:8388608", "--"], "shell", "--backend", backend, Machine.Edu, script)
            .Succeeded();
        Result small = Through(
            Client, ["prlimit", "--memlock=65536:65536", "--"], "shell", "--backend", backend, Machine.Edu, script);
        Assert.Equal(1, small.ExitCode);
        Assert.Contains("RLIMIT_MEMLOCK", small.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_killed_client_frees_the_device_and_other_clients_are_told_who_had_it()
    {
        using Service broker = Start(Machine.Edu);
        int before = Directory.GetFileSystemEntries($"/proc/{broker.Id}/fd").Length;
        for (int i = 0; i < (Machine.IsSoak ? 10 : 4); i++)
        {
            using Process holder = Machine.Start(
                "setpriv",
                [
                    .. Prefix(Client),
                    "env",
                    $"VFIO_BROKER={Socket}",
                    Machine.Tool,
                    "watch",
                    "--backend",
                    i % 2 == 0 ? "iommufd" : "type1v2",
                    Machine.Edu,
                    "bar0",
                ]);
            Assert.Matches("0x[0-9a-f]+ed", holder.StandardOutput.ReadLine() ?? "");
            if (i < 2)
            {
                Through(Client, [], "read", Machine.Edu, "bar0").FailedWith(
                    1,
                    $"has been held by {Machine.User} (uid 1000, pid "
                    + $"{holder.Id.ToString(CultureInfo.InvariantCulture)})",
                    "one client at a time");
            }

            holder.Kill();
            holder.WaitForExit();
            // The broker notices the end at the same time as this test, or a moment later.
            Result next = Through(Client, [], "read", Machine.Edu, "bar0");
            for (int more = 0;
                more < 10 && next.Errors.Contains(" has been held by ", StringComparison.Ordinal);
                more++)
            {
                next = Through(Client, [], "read", Machine.Edu, "bar0");
            }

            Assert.Matches("0x[0-9a-f]+ed", next.Succeeded());
        }

        Assert.Equal(before, Directory.GetFileSystemEntries($"/proc/{broker.Id}/fd").Length);
    }

    [Fact]
    public void A_user_that_the_policy_does_not_name_is_refused_with_the_reason_and_recorded()
    {
        using Service broker = Start(Machine.Edu);
        Through(Stranger, [], "read", Machine.Edu, "bar0").FailedWith(1, "no rule of the policy allows it", "policy");
        Through(Client, [], "read", Machine.Nic, "bar0").FailedWith(1, "no rule of the policy allows it", "policy");
        string record = broker.Stop();
        Assert.Matches("refused user=[a-z0-9]+ uid=1001 pid=", record);
        Assert.Contains(
            $"device={Machine.Nic} backend=any code=not-allowed reason=\"no rule of the policy allows it\"",
            record,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_policy_is_read_again_on_SIGHUP_and_a_wrong_one_changes_nothing()
    {
        using Service broker = Start(Machine.Edu);
        File.WriteAllText(Policy, "allow everybody any\n");
        Machine.Do($"kill -HUP {broker.Id}");
        Assert.Contains(
            $"the policy is unchanged: read on {Policy}:1: 'everybody' is not a valid WHO",
            broker.NextMessage(),
            StringComparison.Ordinal);
        Through(Client, [], "read", Machine.Edu, "bar0").Succeeded();
        File.WriteAllText(Policy, $"allow any device:{Machine.Edu}\n");
        Machine.Do($"kill -HUP {broker.Id}");
        Assert.Contains("1 rule, now in effect", broker.NextMessage(), StringComparison.Ordinal);
        Through(Stranger, [], "read", Machine.Edu, "bar0").Succeeded();
        broker.Stop();
        Assert.False(File.Exists(Socket));
    }

    [Fact]
    public void Systemd_passes_the_socket()
    {
        using Service broker = Start(
            Machine.Edu, "systemd-socket-activate", "--seqpacket", $"--listen={Socket}", "--fdname=broker");
        // The mode is the SocketMode of the unit.
        File.SetUnixFileMode(Socket, (UnixFileMode)0x1b6);
        Assert.Matches("0x[0-9a-f]+ed", Through(Client, [], "read", Machine.Edu, "bar0").Succeeded());
    }

    private static string[] Prefix(int user) =>
    [
        $"--reuid={user}",
        $"--regid={user}",
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all",
        "--no-new-privs",
        "--",
    ];

    private static Result As(int user, string[] wrapper, params string[] command) =>
        Machine.Run("setpriv", [.. Prefix(user), .. wrapper, .. command]);

    private static Result Through(int user, string[] wrapper, params string[] arguments) =>
        As(user, [.. wrapper, "env", $"VFIO_BROKER={Socket}"], [Machine.Tool, .. arguments]);

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static Service Start(string device, params string[] activation)
    {
        Machine.Do($"rm -rf {Folder}; mkdir -p {Folder}; chown {BrokerUser} {Folder}; printf 'allow "
            + $"user:{Machine.User} device:{device}\\n' > {Policy}");
        Machine.Vfio("bind", "--user", BrokerUser, device).Succeeded();
        string id = Machine.Do($"id -u {BrokerUser}").Trim();
        return new Service(device, Machine.Start(
            "setpriv",
            [
                .. Prefix(int.Parse(id, CultureInfo.InvariantCulture)),
                "prlimit",
                "--memlock=0:0",
                "--",
                .. activation,
                Machine.Tool,
                "broker",
                "--policy",
                Policy,
                .. activation.Length == 0 ? ["--socket", Socket] : Array.Empty<string>(),
            ]));
    }

    /// <summary>Represents the broker; its disposal releases the device.</summary>
    private sealed class Service : IDisposable
    {
        private readonly string _device;
        private readonly Process _process;
        private readonly Task<string> _record;
        private bool _hasStopped;

        public Service(string device, Process process)
        {
            (_device, _process) = (device, process);
            _record = process.StandardOutput.ReadToEndAsync();
            // The broker and systemd-socket-activate both report when they listen.
            Assert.Contains("isten", NextMessage(), StringComparison.Ordinal);
        }

        public int Id => _process.Id;

        public string NextMessage() => _process.StandardError.ReadLine() ?? "";

        /// <returns>The events that it printed.</returns>
        public string Stop()
        {
            _hasStopped = true;
            Machine.Do($"kill -TERM {Id}");
            Assert.True(_process.WaitForExit(Machine.Patience), "the broker does not end");
            Assert.Equal(0, _process.ExitCode);
            return _record.Result;
        }

        public void Dispose()
        {
            if (!_hasStopped)
            {
                _process.Kill();
            }

            _process.WaitForExit();
            _process.Dispose();
            Machine.Vfio("release", _device).Succeeded();
        }
    }
}
