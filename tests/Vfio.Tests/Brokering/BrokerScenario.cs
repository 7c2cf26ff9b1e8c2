using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>Runs a broker of a fake host, with files in place of nodes, and its clients.</summary>
internal sealed class BrokerScenario : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;

    public BrokerScenario(string policy = "allow any any", BrokerOptions? options = null, bool hasDeviceNodes = true)
    {
        if (hasDeviceNodes)
        {
            _host.AddDeviceNodes();
        }

        _host.Write("dev/iommu", "");
        Path = _host.PathOf("broker.sock");
        Broker = new DeviceBroker(
            DeviceBroker.Listen(Path),
            BrokerPolicy.Parse(policy, "policy"),
            (options ?? new BrokerOptions()) with { Host = _host.Root, Record = Events.Enqueue, Clock = Clock });
        _thread = new Thread(() => Broker.Run(_stop.Token));
        _thread.Start();
    }

    public FakeHost Host => _host;

    /// <summary>
    /// The time limit of the broker; even on a busy host, a client is late only if the test makes it so.
    /// </summary>
    public ManualClock Clock { get; } = new();

    public string Path { get; }

    public DeviceBroker Broker { get; }

    public ConcurrentQueue<BrokerEvent> Events { get; } = new();

    public FakeDevice AddDevice(string address, int group, string driver = "vfio-pci") =>
        _host.AddDevice(address, driver: driver, group: group);

    public Held Ask(PciAddress device, BrokerBackend backend = BrokerBackend.Any)
    {
        BrokerGrant grant = BrokerClient.Ask(
            Path, new BrokerRequest(device, backend), out Socket connection, out SafeFileHandle[] files);
        return new Held(grant, connection, files);
    }

    /// <summary>
    /// Requests the device until no other client has it, because the broker notices the end of a client a moment later.
    /// </summary>
    public Held AskPatiently(PciAddress device)
    {
        Held? held = null;
        Eventually.Holds(() => TryAsk(device, out held), "the broker gives the device");
        return held!;
    }

    private bool TryAsk(PciAddress device, out Held? held)
    {
        held = null;
        try
        {
            held = Ask(device);
            return true;
        }
        catch (VfioException e) when (IsOthers(e))
        {
            return false;
        }
    }

    /// <summary>Returns whether the request was refused because other clients were first.</summary>
    public static bool IsOthers(VfioException refusal) =>
        refusal.Message.Contains(" has been held by ", StringComparison.Ordinal)
        || refusal.Message.Contains("connections already", StringComparison.Ordinal);

    public string Refused(PciAddress device, BrokerBackend backend = BrokerBackend.Any) =>
        Assert.Throws<VfioException>(() => Ask(device, backend).Dispose()).Message;

    public Socket Connect()
    {
        Socket socket = BrokerClient.NewSocket();
        socket.Connect(new UnixDomainSocketEndPoint(Path));
        return socket;
    }

    /// <summary>The next event, in time.</summary>
    public BrokerEvent NextEvent()
    {
        BrokerEvent? next = null;
        Eventually.Holds(() => Events.TryDequeue(out next), "the broker tells an event");
        return next!;
    }

    public void Stop()
    {
        _stop.Cancel();
        Assert.True(_thread.Join(Eventually.Limit), "the broker did not stop");
    }

    public void Dispose()
    {
        Stop();
        Broker.Dispose();
        _stop.Dispose();
        _host.Dispose();
    }

    /// <summary>Represents what a client received.</summary>
    internal sealed record Held(BrokerGrant Grant, Socket Connection, SafeFileHandle[] Files) : IDisposable
    {
        public string[] Paths =>
            [.. Files.Select(file => new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget!)];

        public void Dispose()
        {
            Array.ForEach(Files, file => file.Dispose());
            Connection.Dispose();
        }
    }
}
