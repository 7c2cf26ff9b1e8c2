using Vfio.Host;

namespace Vfio.Tests;

/// <summary>
/// Represents a host with udev, systemd and an installed vfio, and performs binds, reboots and releases of its devices.
/// </summary>
internal sealed class PersistentHost : IDisposable
{
    public const string Program = "/usr/bin/vfio";
    public const string State = "etc/vfio/persistent.json";
    public const string Rules = "etc/udev/rules.d/10-vfio.rules";
    public const string UserRules = "run/udev/rules.d/10-vfio-users.rules";
    public const string Unit = "etc/systemd/system/vfio-persistent.service";
    public const string Link = "etc/systemd/system/sysinit.target.wants/vfio-persistent.service";

    public PersistentHost(bool hasFolders = true)
    {
        Host.Write("run/udev/control", "");
        Host.Write("run/systemd/system/x", "");
        Host.Write(Program[1..], "");
        File.SetUnixFileMode(Host.PathOf(Program[1..]), (UnixFileMode)0x1ed);
        foreach (string folder in hasFolders ? (string[])["etc/udev/rules.d", "etc/systemd/system"] : ["etc"])
        {
            Directory.CreateDirectory(Host.PathOf(folder));
        }

        Nic = BindScenario.AddNic(Host).WithInterface("eth0", isUp: true);
        Before = new TreeSnapshot(Host);
    }

    public FakeHost Host { get; } = new();

    public FakeDevice Nic { get; private set; }

    public TreeSnapshot Before { get; set; }

    public PersistentDevices Persistent => PersistentDevices.Read(Host.Root);

    public BindingJournal Journal => new(Host.Root);

    public void Dispose() => Host.Dispose();

    public BindingPlan Plan(
        FakeFiles? files = null, string? user = null, bool persist = true, params FakeDevice[] devices) =>
        BindingPlan.Compute(
        [.. (devices.Length == 0 ? [Nic] : devices).Select(device => device.Address)],
        new BindOptions
        {
            Host = Host.Root,
            Changes = new FakeKernel(Host),
            Files = files ?? new FakeFiles(Host),
            Program = Program,
            Persist = persist,
            User = user,
        });

    public FakeFiles Bind(Fault? fault = null, string? user = null, bool persist = true, params FakeDevice[] devices)
    {
        FakeFiles files = new(Host) { Fault = fault };
        Plan(files, user, persist, devices).Execute();
        return files;
    }

    public (FakeFiles Files, ReleaseOutcome[] Outcomes) TryRelease(Fault? fault = null, bool force = false)
    {
        FakeFiles files = new(Host) { Fault = fault };
        return (files, [.. ReleasePlan.ComputeAll(new ReleaseOptions
        {
            Host = Host.Root,
            Changes = new FakeKernel(Host),
            Files = files,
            Force = force,
        }).Execute()]);
    }

    public FakeFiles Release(params FakeDevice[] devices)
    {
        FakeFiles files = new(Host);
        ReleaseOptions options = new() { Host = Host.Root, Changes = new FakeKernel(Host), Files = files };
        ReleasePlan plan = devices.Length == 0
            ? ReleasePlan.ComputeAll(options)
            : ReleasePlan.Compute([.. devices.Select(device => device.Address)], options);
        Assert.All(plan.Execute(), outcome => Assert.Null(outcome.Error));
        return files;
    }

    /// <summary>Reboots: everything except /etc is lost, such as the journal, the overrides and the bindings.</summary>
    public void Reboot(string? driver = "e1000e")
    {
        Directory.Delete(Host.PathOf("run/vfio"), recursive: true);
        foreach (FakeDevice device in Host.Devices)
        {
            device.SetDriver(null);
            device.Override = null;
            device.SetDriver(device == Nic ? driver : device.NaturalDriver);
        }
    }

    /// <summary>Unplugs the card, and puts another one in its place.</summary>
    public void Replug(string ids = "8086:10d3")
    {
        Host.Remove(Nic);
        Nic = Host.AddDevice("0000:00:14.3", ids, driver: "e1000e", group: 12).WithInterface("eth0", isUp: true);
    }

    public RebindOutcome[] Retake() => [.. RebindPlan.ComputePersistent(Options()).Execute()];

    public RebindOutcome RetakeNic() => Assert.Single(RebindPlan.Compute(Nic.Address, Options()).Execute());

    public void AssertTaken() => Assert.Equal(("vfio-pci", "vfio-pci"), (Nic.Info.Driver, Nic.Override));

    public void AssertUntouched(string when = "")
    {
        Before.AssertUnchanged(Host, when);
        Assert.Empty(Journal.GetEntries());
    }

    private BindOptions Options() => new() { Host = Host.Root, Changes = new FakeKernel(Host) };
}
