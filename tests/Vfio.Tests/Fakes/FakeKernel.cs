using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// Answers the changes of a bind as Linux would (drivers/base/bus.c, drivers/pci/pci-driver.c), on a <see
/// cref="FakeHost"/>. It records each change, and fails or "kills the process" at a chosen one.
/// </summary>
internal sealed class FakeKernel(FakeHost host) : IHostChanges
{
    private readonly List<string> _calls = [];

    /// <summary>Every change, in order, with paths below the host's root.</summary>
    public IReadOnlyList<string> Calls => _calls;

    /// <summary>Gets or sets the fault, and the change at which it occurs; once.</summary>
    public Fault? Fault { get; set; }

    /// <summary>Gets whether a child process that has to wait is reported as still waiting.</summary>
    public bool ChildWaits { get; set; }

    public const int ChildId = 4242;

    public ProcessIdentity StartWriter() => new(ChildId, 1);

    public bool Write(string path, string value, AttributeWait wait)
    {
        bool isDone = true;
        Change($"write {Relative(path)} {value.TrimEnd('\n')}".TrimEnd(), () => isDone = Apply(path, value));
        return isDone;
    }

    public string? Read(string path) => SysfsFile.Read(path);

    public void EndWriter()
    {
    }

    public void LoadModule(string module) => Change($"modprobe {module}", () =>
    {
        if (!host.LoadableModules.TryGetValue(module, out string? driver))
        {
            throw new VfioException(
                "modprobe", module, $"modprobe: FATAL: Module {module} not found in directory /lib/modules/6.12.0");
        }

        if (driver.Length == 0)
        {
            host.AddModule(module);
            return;
        }

        host.AddDriver(driver, module);
        foreach (FakeDevice device in host.Devices.Where(device => device.Driver is null && Matches(driver, device)))
        {
            device.SetDriver(driver);
        }
    });

    public void UnloadModule(string module) => Change($"rmmod {module}", () =>
    {
        string? driver = host.LoadableModules.GetValueOrDefault(module);
        if (driver is not null && host.Devices.Any(device => device.Driver == driver))
        {
            throw new InvalidOperationException("a module whose driver has a device is not to be unloaded");
        }

        host.RemoveModule(module);
    });

    public void SetAccess(string node, AccessList access) => Change($"setfacl {Relative(node)} {access}", () =>
    {
        int errno = access.Write(node);
        if (errno != 0)
        {
            throw new VfioException("set the ACL of", node, errno);
        }
    });

    // Only root could change it.
    public void SetOwner(string node, uint user, uint group) =>
        Change($"chown {user}:{group} {Relative(node)}", () => { });

    public void RenameInterface(string name, string newName) => Change($"rename {name} {newName}", () =>
    {
        if (!host.Exists($"sys/class/net/{name}") || host.Exists($"sys/class/net/{newName}"))
        {
            throw new VfioException("rename", name, host.Exists($"sys/class/net/{name}") ? Errno.EEXIST : Errno.ENODEV);
        }

        if (host.Read($"sys/class/net/{name}/flags") == "0x1003\n")
        {
            throw new VfioException("rename", name, Errno.EBUSY);
        }

        host.Devices
            .Single(device => new ClassDevices(host.Root, "net").On(device.Address).Contains(name))
            .RenameInterface(name, newName);
    });

    public void SwitchOnInterface(string name) => Change($"up {name}", () =>
    {
        if (!host.Exists($"sys/class/net/{name}"))
        {
            throw new VfioException("bring up", name, Errno.ENODEV);
        }

        host.Write($"sys/class/net/{name}/flags", "0x1003\n");
    });

    /// <summary>
    /// The time to wait for other programs. A child that another test starts at the same time holds this process's
    /// locks from its fork to its exec, however long that takes on a busy machine.
    /// </summary>
    public TimeSpan PatienceWithOthers { get; set; } = Eventually.Limit;

    // This kernel acts immediately, so waiting for it cannot change anything. Only the journal's lock, which other
    // processes may hold, is worth waiting for; its time is longer than any time that the kernel is given.
    public bool WaitUntil(Func<bool> condition, TimeSpan time) =>
        time > TimeSpan.FromSeconds(10) ? SpinWait.SpinUntil(condition, PatienceWithOthers) : condition();

    private string Relative(string path) => Path.GetRelativePath(host.Folder, path);

    private void Change(string description, Action change)
    {
        _calls.Add(description);
        Fault? fault = Fault is Fault planned && planned.Call == _calls.Count ? Fault : null;
        if (fault is { After: false })
        {
            throw fault.Make();
        }

        change();
        if (fault is not null)
        {
            throw fault.Make();
        }
    }

    // Whether the kernel has done it; not if it waits for a program that holds the device.
    private bool Apply(string path, string value)
    {
        if (!File.Exists(path))
        {
            throw new VfioException("write", path, Errno.ENOENT);
        }

        string[] parts = Relative(path).Split('/');
        switch (parts)
        {
            case ["sys", "bus", "pci", "devices", string address, "driver_override"]:
                host[PciAddress.Parse(address)].Override = value.TrimEnd('\n') is { Length: > 0 } name ? name : null;
                break;
            case ["sys", "bus", "pci", "drivers", string driver, "unbind"]:
                return Unbind(path, driver, value);
            case ["sys", "bus", "pci", "drivers", string driver, "bind"]:
                FakeDevice device = Find(path, value);
                Check(path, device.Driver is null, Errno.EBUSY);
                Check(path, Matches(driver, device), Errno.ENODEV);
                device.SetDriver(driver);
                break;
            case ["sys", "bus", "pci", "devices", string address, "sriov_numvfs"]:
                host[PciAddress.Parse(address)].SetFunctions(
                    int.Parse(value, System.Globalization.CultureInfo.InvariantCulture),
                    errno => new VfioException("write", path, errno));
                break;
            case ["sys", "module", "vfio_pci", "parameters", "enable_sriov"]:
                File.WriteAllText(path, value + "\n");
                break;
            case ["sys", "bus", "pci", "drivers_probe"]:
                Probe(Find(path, value));
                break;
            default:
                throw new InvalidOperationException($"binding has no business in {path}");
        }

        return true;
    }

    private bool Unbind(string path, string driver, string value)
    {
        FakeDevice device = Find(path, value);
        Check(path, device.Driver == driver, Errno.ENODEV);
        if (!device.IsHeld)
        {
            device.SetDriver(null);
            return true;
        }

        if (ChildWaits)
        {
            device.HasWaitingUnbind = true;
            return false;
        }

        device.LetGo();
        device.SetDriver(null);
        return true;
    }

    private void Probe(FakeDevice device)
    {
        string? driver = device.Override ?? device.NaturalDriver;
        if (device.Driver is null && driver is not null && host.HasDriver(driver))
        {
            device.SetDriver(driver);
        }
    }

    private static bool Matches(string driver, FakeDevice device) =>
        (device.Override ?? device.NaturalDriver) == driver;

    private FakeDevice Find(string path, string value) => PciAddress.TryParse(value, out PciAddress address)
        ? host.Devices.FirstOrDefault(device => device.Address == address)
            ?? throw new VfioException("write", path, Errno.ENODEV)
        : throw new InvalidOperationException($"'{value}' is not how the kernel is told of a device");

    private static void Check(string path, bool holds, int errno)
    {
        if (!holds)
        {
            throw new VfioException("write", path, errno);
        }
    }
}

/// <summary>Represents a fault at one change, counted from 1, before or after the change took effect.</summary>
internal sealed record Fault(int Call, bool After, Func<Exception> Make)
{
    public static Fault Error(int call, bool after, int errno) =>
        new(call, after, () => new VfioException("write", "injected", errno));

    public static Fault Kill(int call, bool after) => new(call, after, () => new KilledException());
}

/// <summary>Stands for SIGKILL: the library does not know this exception, and so does not handle it.</summary>
internal sealed class KilledException : Exception;
