using System.Diagnostics.CodeAnalysis;
using Vfio.Binding;
using Vfio.Interop;
using Xunit.Sdk;

namespace Vfio.Tests;

/// <summary>A host, the devices to take of it, and how: what every bind must undo, whatever happens in between.</summary>
/// <param name="Name">What is special about it.</param>
/// <param name="NeedsRoot">Whether device nodes change hands.</param>
/// <param name="Build">Makes the host; the devices to take are returned.</param>
/// <param name="Options">How.</param>
internal sealed record BindScenario(string Name, bool NeedsRoot, Func<FakeHost, FakeDevice[]> Build, BindOptions Options)
{
    public const string User = "nobody";
    public const string OtherUser = "daemon";

    /// <summary>Every one, by name, so that a test can be given it.</summary>
    public static IReadOnlyList<BindScenario> All { get; } =
    [
        new("a network card whose interface is up", false, host => [AddNic(host).WithInterface("eth0", isUp: true)], new()),
        new("a device without a driver", false, host => [host.AddDevice("0000:00:04.0", "1234:11e8", "00ff00", group: 4)], new()),
        new("an override that names the driver", false, host => [AddNic(host).WithOverride("e1000e")], new()),
        new("an override that names another driver", false, host => [AddNic(host).WithInterface("eth0").WithOverride("igb")], new()),
        new("an override and no driver", false, host => [host.AddDevice("0000:00:04.0", group: 4).WithOverride("pci-stub")], new()),
        new("a driver that only the override chose", false, AddByOverride, new()),
        new("a disk", false, host => [host.AddDevice("0000:01:00.0", "1b36:0010", "010802", "nvme", 13).WithDisk("nvme0n1")], new()),
        new("an interface that comes back under another name", false, host => [AddNic(host).WithInterface("enp0s20", isUp: true, kernelName: "eth0")], new()),
        new("two devices of two groups", false, host => [AddNic(host).WithInterface("eth0", isUp: true), AddSecondNic(host, group: 13).WithInterface("eth1")], new()),
        new("a group with its bridge", false, host => [AddGroup(host)[0]], new() { WholeGroup = true }),
        new("a device for a user", true, host => [AddNic(host).WithInterface("eth0")], new() { User = User }),
        new("a device with a node of its own, for a user", true, AddWithNode, new() { User = User }),
        new("a group for a user", true, host => [AddGroup(host)[0]], new() { User = User, WholeGroup = true }),
        new("a device that vfio-pci has already, for a user", true, host => [host.AddDevice("0000:00:14.3", driver: "vfio-pci", group: 12)], new() { User = User }),
        new("two devices of one group for a user, one with vfio-pci already", true, AddHalfTaken, new() { User = User }),
    ];

    /// <summary>Those that can be played here, by name.</summary>
    public static TheoryData<string> Names => [.. All.Where(scenario => IsRoot || !scenario.NeedsRoot).Select(scenario => scenario.Name)];

    public static bool IsRoot => Sysfs.Users.IsRoot;

    public static void NeedRoot()
    {
        if (!IsRoot)
        {
            throw SkipException.ForSkip("only root can give a node to another user, in a temporary folder too");
        }

        Assert.SkipWhen(UserDatabase.Find(User) is null || UserDatabase.Find(OtherUser) is null, $"this host has no users '{User}' and '{OtherUser}'");
    }

    public static uint UidOf(string user) => UserDatabase.Find(user)!.Value.Uid;

    [SuppressMessage("Reliability", "CA2000", Justification = "the run owns it")]
    public static BindRun Start(string name)
    {
        BindScenario scenario = All.Single(candidate => candidate.Name == name);
        if (scenario.NeedsRoot)
        {
            NeedRoot();
        }

        FakeHost host = new();
        return new BindRun(host, scenario.Build(host), scenario.Options);
    }

    public static FakeDevice AddNic(FakeHost host, int group = 12) => host.AddDevice("0000:00:14.3", driver: "e1000e", group: group);

    public static FakeDevice AddSecondNic(FakeHost host, int group) => host.AddDevice("0000:00:15.0", driver: "e1000e", group: group);

    /// <summary>Two endpoints behind a bridge, in one group with it.</summary>
    public static FakeDevice[] AddGroup(FakeHost host)
    {
        host.AddDevice("0000:00:1e.0", "1b36:0001", "060401", "pcieport", 5);
        return
        [
            host.AddDevice("0000:05:00.0", driver: "e1000e", group: 5, below: "0000:00:1e.0").WithInterface("eth5", isUp: true),
            host.AddDevice("0000:05:01.0", "8086:2415", "040100", "snd_intel8x0", 5, "0000:00:1e.0"),
        ];
    }

    // A driver with no id for the device: driverctl's way to pass it on.
    private static FakeDevice[] AddByOverride(FakeHost host)
    {
        FakeDevice device = host.AddDevice("0000:00:04.0", group: 4).WithOverride("uio_pci_generic");
        host.AddDriver("uio_pci_generic");
        device.SetDriver("uio_pci_generic");
        return [device];
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

/// <summary>One scenario under way: its host, the snapshot of before, and binds and releases by a fresh kernel each.</summary>
internal sealed class BindRun(FakeHost host, FakeDevice[] devices, BindOptions options) : IDisposable
{
    public FakeHost Host => host;

    public IReadOnlyList<FakeDevice> Devices => devices;

    public TreeSnapshot Before { get; } = new(host);

    public BindingJournal Journal { get; } = new(host.Root);

    public void Dispose() => host.Dispose();

    public BindingPlan Plan(IHostChanges kernel) =>
        BindingPlan.Compute([.. devices.Select(device => device.Address)], options with { Host = host.Root, Changes = kernel });

    public FakeKernel Bind(Fault? fault = null)
    {
        FakeKernel kernel = new(host) { Fault = fault };
        Plan(kernel).Execute();
        return kernel;
    }

    public ReleasePlan PlanRelease(IHostChanges kernel, bool force = false) =>
        ReleasePlan.ComputeAll(new ReleaseOptions { Host = host.Root, Changes = kernel, Force = force });

    /// <summary>What <c>vfio release --all</c> does; nothing may fail.</summary>
    public FakeKernel ReleaseAll(Fault? fault = null)
    {
        FakeKernel kernel = new(host) { Fault = fault };
        Assert.All(PlanRelease(kernel).Execute(), outcome => Assert.Null(outcome.Error));
        return kernel;
    }

    /// <summary>How many changes an undisturbed bind, and the release after it, make.</summary>
    public static (int Bind, int Release) CountChanges(string scenario)
    {
        using BindRun run = BindScenario.Start(scenario);
        return (run.Bind().Calls.Count, run.ReleaseAll().Calls.Count);
    }

    public void AssertRestored(string when)
    {
        Before.AssertUnchanged(host, when);
        Assert.Empty(Journal.Entries());
    }
}
