using System.Diagnostics.CodeAnalysis;
using Vfio.Host;

namespace Vfio.Tests;

/// <summary>
/// Represents a host, the devices to bind, and the options: what every release must undo, whatever happens in between.
/// </summary>
/// <param name="Name">The special property of the scenario.</param>
/// <param name="Build">Builds the host, and returns the devices to bind.</param>
/// <param name="Options">The options of the bind.</param>
internal sealed record BindScenario(string Name, Func<FakeHost, FakeDevice[]> Build, BindOptions Options)
{
    public const string User = "nobody";
    public const string OtherUser = "daemon";

    /// <summary>Returns a scenario by its name, so that tests can be parameterized with names.</summary>
    public static IReadOnlyList<BindScenario> All { get; } =
    [
        new(
            "a module that is not loaded",
            host => AddWithoutModule(host, host.AddDevice("0000:00:04.0", "1234:11e8", "00ff00", group: 4)),
            new()),
        new("two devices, and a module that is not loaded, with what it needs", AddPairWithoutModule, new()),
        new("a pair of one group", host => AddGroup(host), new()),
        new("a pair of one group for a user", host => AddGroup(host), new() { User = User }),
        new("a driver made for the device", AddVariant, new() { Driver = "virtio_vfio_pci" }),
        new(
            "a physical function whose virtual functions are lost",
            host => [AddPhysical(host, now: 2)],
            new() { Force = true }),
        new("a network card whose interface is up", host => [AddNic(host).WithInterface("eth0", isUp: true)], new()),
        new(
            "a device without a driver",
            host => [host.AddDevice("0000:00:04.0", "1234:11e8", "00ff00", group: 4)],
            new()),
        new("an override that names the driver", host => [AddNic(host).WithOverride("e1000e")], new()),
        new(
            "an override that names another driver",
            host => [AddNic(host).WithInterface("eth0").WithOverride("igb")],
            new()),
        new(
            "an override and no driver",
            host => [host.AddDevice("0000:00:04.0", group: 4).WithOverride("pci-stub")],
            new()),
        new("a driver that only the override chose", AddByOverride, new()),
        new(
            "a disk",
            host => [host.AddDevice("0000:01:00.0", "1b36:0010", "010802", "nvme", 13).WithDisk("nvme0n1")],
            new()),
        new(
            "an interface that comes back under another name",
            host => [AddNic(host).WithInterface("enp0s20", isUp: true, kernelName: "eth0")],
            new()),
        new(
            "two devices of two groups",
            host =>
                [AddNic(host).WithInterface("eth0", isUp: true), AddSecondNic(host, group: 13).WithInterface("eth1")],
            new()),
        new("a group with its bridge", host => [AddGroup(host)[0]], new() { WholeGroup = true }),
        new(
            "a group with an ISA bridge that has a driver",
            host => [AddLegacyGroup(host)[0]],
            new() { WholeGroup = true }),
        new(
            "a group with an ISA bridge, for a user",
            host => [AddLegacyGroup(host)[0]],
            new() { WholeGroup = true, User = User }),
        new("a device for a user", host => [AddNic(host).WithInterface("eth0")], new() { User = User }),
        new("a device with a node of its own, for a user", AddWithNode, new() { User = User }),
        new("a group for a user", host => [AddGroup(host)[0]], new() { User = User, WholeGroup = true }),
        new(
            "a device that vfio-pci has already, for a user",
            host => [host.AddDevice("0000:00:14.3", driver: "vfio-pci", group: 12)],
            new() { User = User }),
        new("two devices of one group for a user, one with vfio-pci already", AddHalfTaken, new() { User = User }),
    ];

    /// <summary>Their names.</summary>
    public static TheoryData<string> Names => [.. All.Select(scenario => scenario.Name)];

    public static bool IsRoot => Users.IsRoot;

    public static void NeedUsers() =>
        Assert.SkipWhen(
            UserDatabase.Find(User) is null || UserDatabase.Find(OtherUser) is null,
            $"this host has no users '{User}' and '{OtherUser}'");

    public static uint UidOf(string user) => UserDatabase.Find(user)!.Value.Uid;

    [SuppressMessage("Reliability", "CA2000", Justification = "the run owns it")]
    public static BindRun Start(string name)
    {
        BindScenario scenario = All.Single(candidate => candidate.Name == name);
        if (scenario.Options.User is not null)
        {
            NeedUsers();
        }

        FakeHost host = new();
        return new BindRun(host, scenario.Build(host), scenario.Options);
    }

    public static FakeDevice AddNic(FakeHost host, int group = 12) =>
        host.AddDevice("0000:00:14.3", driver: "e1000e", group: group);

    public static FakeDevice AddSecondNic(FakeHost host, int group) =>
        host.AddDevice("0000:00:15.0", driver: "e1000e", group: group);

    /// <summary>Two endpoints behind a bridge, in one group with it.</summary>
    public static FakeDevice[] AddGroup(FakeHost host)
    {
        host.AddDevice("0000:00:1e.0", "1b36:0001", "060401", "pcieport", 5);
        return
        [
            host.AddDevice("0000:05:00.0", driver: "e1000e", group: 5, below: "0000:00:1e.0")
                .WithInterface("eth5", isUp: true),
            host.AddDevice("0000:05:01.0", "8086:2415", "040100", "snd_intel8x0", 5, "0000:00:1e.0"),
        ];
    }

    /// <summary>
    /// Creates functions of a chipset in one group: a disk controller, and the ISA bridge, whose driver has a watchdog.
    /// </summary>
    public static FakeDevice[] AddLegacyGroup(FakeHost host)
    {
        FakeDevice bridge = host.AddDevice("0000:00:1f.0", "8086:2918", "060100", "lpc_ich", 11).WithHeader(type: 0x80);
        return [host.AddDevice("0000:00:1f.2", "8086:2922", "010601", "ahci", 11).WithHeader(type: 0), bridge];
    }

    // A driver without an ID for the device, which driverctl assigned to it.
    private static FakeDevice[] AddByOverride(FakeHost host)
    {
        FakeDevice device = host.AddDevice("0000:00:04.0", group: 4).WithOverride("uio_pci_generic");
        host.AddDriver("uio_pci_generic");
        device.SetDriver("uio_pci_generic");
        return [device];
    }

    /// <summary>Creates a card that can have virtual functions.</summary>
    public static FakeDevice AddPhysical(FakeHost host, int now = 0)
    {
        host.AddDriver("igbvf");
        return host.AddDevice("0000:01:00.0", "8086:10c9", driver: "igb", group: 20).WithFunctions(7, now);
    }

    private static FakeDevice[] AddWithoutModule(FakeHost host, params FakeDevice[] devices)
    {
        host.RemoveModule("vfio-pci");
        host.LoadableModules["vfio-pci"] = "vfio-pci";
        return devices;
    }

    private static FakeDevice[] AddPairWithoutModule(FakeHost host)
    {
        host.WriteModuleFile(
            "modules.dep",
            "kernel/vfio.ko.xz:\nkernel/vfio/pci/vfio-pci-core.ko.xz: kernel/vfio.ko.xz\n"
            + "kernel/vfio/pci/vfio-pci.ko.xz: kernel/vfio/pci/vfio-pci-core.ko.xz kernel/vfio.ko.xz\n");
        return AddWithoutModule(host, AddNic(host).WithInterface("eth0"), AddSecondNic(host, group: 13));
    }

    private static FakeDevice[] AddVariant(FakeHost host)
    {
        FakeDevice nic = host.AddDevice("0000:00:08.0", "1af4:1041", driver: "virtio-pci", group: 8)
            .WithAttribute("modalias", "pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00\n");
        host.WriteModuleFile("modules.dep", "kernel/virtio_vfio_pci.ko.xz:\n");
        host.WriteModuleFile(
            "modules.alias",
            "# aliases\nalias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\nalias "
            + "vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i* virtio_vfio_pci\n");
        host.LoadableModules["virtio_vfio_pci"] = "virtio_vfio_pci";
        return [nic];
    }

    private static FakeDevice[] AddWithNode(FakeHost host)
    {
        host.AddDeviceNodes();
        return [AddNic(host)];
    }

    private static FakeDevice[] AddHalfTaken(FakeHost host)
    {
        host.AddDeviceNodes();
        return [AddNic(host), host.AddDevice("0000:00:15.0", driver: "vfio-pci", group: 12)];
    }
}

/// <summary>
/// Represents a running scenario: its host, the snapshot before the bind, and binds and releases with a fresh kernel
/// each.
/// </summary>
internal sealed class BindRun(FakeHost host, FakeDevice[] devices, BindOptions options) : IDisposable
{
    public FakeHost Host => host;

    public string Driver => options.Driver ?? "vfio-pci";

    public IReadOnlyList<FakeDevice> Devices => devices;

    public TreeSnapshot Before { get; } = new(host);

    public BindingJournal Journal { get; } = new(host.Root);

    public void Dispose() => host.Dispose();

    public BindingPlan Plan(IHostChanges kernel) =>
        BindingPlan.Compute(
            [.. devices.Select(device => device.Address)], options with { Host = host.Root, Changes = kernel });

    public FakeKernel Bind(Fault? fault = null)
    {
        FakeKernel kernel = new(host) { Fault = fault };
        Plan(kernel).Execute();
        return kernel;
    }

    public ReleasePlan PlanRelease(IHostChanges kernel, bool force = false) =>
        ReleasePlan.ComputeAll(new ReleaseOptions { Host = host.Root, Changes = kernel, Force = force });

    /// <summary>Does what <c>vfio release --all</c> does; nothing may fail.</summary>
    public FakeKernel ReleaseAll(Fault? fault = null)
    {
        FakeKernel kernel = new(host) { Fault = fault };
        Assert.All(PlanRelease(kernel).Execute(), outcome => Assert.Null(outcome.Error));
        return kernel;
    }

    /// <summary>Returns the number of changes of an undisturbed bind and of the release after it.</summary>
    public static (int Bind, int Release) CountChanges(string scenario)
    {
        using BindRun run = BindScenario.Start(scenario);
        return (run.Bind().Calls.Count, run.ReleaseAll().Calls.Count);
    }

    public void AssertRestored(string when)
    {
        Before.AssertUnchanged(host, when);
        Assert.Empty(Journal.GetEntries());
    }
}
