using System.Text.Json;
using Vfio.Pci;

namespace Vfio.Cli.Tests;

public sealed class BrokerTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void The_units_are_printed() =>
        Approved.Matches("broker-units", Tool.Run(_host, "broker", "--print-units").Succeeded().Output);

    [Fact]
    public void A_policy_is_checked()
    {
        File.WriteAllText(_host.PathOf("good"), "allow any any # all\n");
        Assert.Equal("/good: 1 rule\n", Tool.Run(_host, "broker", "--check", "--policy", _host.PathOf("good"))
            .Succeeded().Output);
        File.WriteAllText(_host.PathOf("bad"), "\nallow all any\n");
        Tool.Run(_host, "broker", "--check", "--policy", _host.PathOf("bad"))
            .FailedWith(ExitCode.Failed, "bad:2: 'all' is not a valid WHO", "docs/broker.md");
        Tool.Run(_host, "broker", "--check", "--policy", _host.PathOf("none"))
            .FailedWith(ExitCode.Failed, "ENOENT", "write a policy file");
    }

    [Fact]
    public void A_service_without_a_policy_does_not_start() =>
        Tool.Run(_host, "broker", "--socket", _host.PathOf("s"), "--policy", _host.PathOf("none"))
            .FailedWith(ExitCode.Failed, "ENOENT", "docs/broker.md");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_is_printed_and_the_end_is_clean(bool isJson)
    {
        File.WriteAllText(_host.PathOf("policy"), "deny any any\n");
        _host.Add(new("0000:00:03.0", 0x1234, 0x11e8, "00ff00") { Driver = "vfio-pci", Group = 3 });
        string socket = _host.PathOf("s");
        using CancellationTokenSource stop = new();
        Task<Result> broker = Task.Factory.StartNew(
            () => Tool.Run(
                _host,
                Tool.Narrow,
                host => host with { Stop = stop.Token },
                [
                    "broker",
                    "--socket",
                    socket,
                    "--policy",
                    _host.PathOf("policy"),
                    .. isJson ? ["--json"] : Array.Empty<string>(),
                ]),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        string reason = Ask(socket);
        Assert.Contains("line 1 of the policy denies it", reason, StringComparison.Ordinal);
        await stop.CancelAsync();
        Result result = await broker;
        Assert.Equal(
            (0, "vfio: broker: listening on /s; /policy: 1 rule\nvfio: broker: ended\n"),
            (result.ExitCode, result.Errors));
        Assert.False(File.Exists(socket));
        if (isJson)
        {
            JsonElement line = result.Json;
            Assert.Equal(("refused", "0000:00:03.0", "any", "line 1 of the policy denies it"), (
                line.GetProperty("event").GetString(),
                line.GetProperty("device").GetString(),
                line.GetProperty("backend").GetString(),
                line.GetProperty("reason").GetString()));
        }
        else
        {
            Assert.Matches(
                @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z refused user=\S+ uid=\d+ pid=\d+ device=0000:00:03\.0 "
                + @"backend=any code=not-allowed reason=""line 1 of the policy denies it""\n$",
                result.Output);
        }
    }

    [Theory]
    [InlineData(null, null, null, null)]
    [InlineData("7", "1", null, null)] // another process's
    [InlineData("42", "0", null, null)]
    [InlineData("42", "1", null, 3)]
    [InlineData("42", "1", "whatever", 3)]
    [InlineData("42", "3", "http:broker:x", 4)]
    [InlineData("42", "3", "http::broker", 5)]
    public void Systemds_socket_is_found(string? process, string? count, string? names, int? descriptor) =>
        Assert.Equal(descriptor, ActivatedSocket.Find(
            name => name switch { "LISTEN_PID" => process, "LISTEN_FDS" => count, _ => names }, 42));

    [Theory]
    [InlineData("2", null)]
    [InlineData("2", "a:b")]
    [InlineData("2", "a:b:broker")]
    [InlineData("2", "broker:broker")]
    [InlineData("1000000", "broker")]
    public void Several_sockets_must_have_one_that_is_named(string count, string? names) =>
        Assert.Throws<CliException>(() => ActivatedSocket.Find(
            name => name switch { "LISTEN_PID" => "42", "LISTEN_FDS" => count, _ => names }, 42));

    // The service starts at the same time.
    private static string Ask(string socket)
    {
        VfioException? refusal = null;
        Eventually.Holds(
            () =>
            {
                refusal = Assert.Throws<VfioException>(
                    () => VfioDevice.OpenThroughBroker(PciAddress.Parse("0000:00:03.0"), socket));
                return refusal.Operation != "connect";
            },
            "the service listens");
        return refusal!.Message;
    }
}
