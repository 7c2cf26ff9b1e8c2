using System.Globalization;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// Creates a host's <c>/sys</c>, <c>/proc</c>, <c>/dev</c> and <c>/run</c> in a temporary folder with the layout of
/// Linux: devices in a tree, and links to them from buses, drivers, classes and groups.
/// </summary>
internal sealed class FakeHost : IDisposable
{
    private const string Memory = "/dev/shm";

    // In memory if that is possible, because the journal waits for the disk at each write.
    private readonly DirectoryInfo _folder = Directory.Exists(Memory)
        ? Directory.CreateDirectory($"{Memory}/vfio-host-{Guid.NewGuid():N}")
        : Directory.CreateTempSubdirectory("vfio-host-");

    private readonly SortedDictionary<PciAddress, FakeDevice> _devices = [];
    private int _nextDeviceNode;

    public FakeHost()
    {
        Root = new HostRoot(_folder.FullName);
        foreach (string folder
            in (string[])["sys/bus/pci/devices", "sys/bus/pci/drivers", "sys/kernel/iommu_groups", "sys/class/net",
                "sys/class/block", "sys/class/graphics", "sys/module", "proc/self", "proc/net", "dev/vfio", "run"])
        {
            Directory.CreateDirectory(PathOf(folder));
        }

        Write("sys/bus/pci/drivers_probe", "");
        Write("dev/vfio/vfio", "");
        Write("proc/self/mountinfo", "22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n");
        Write("proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
        Write(
            "proc/net/route", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n");
        Write("proc/net/ipv6_route", "");
        Write("proc/net/if_inet6", "00000000000000000000000000000001 01 80 10 80       lo\n");
        AddDriver("vfio-pci");
        AddModule("vfio_iommu_type1");
    }

    /// <summary>The host, for the library.</summary>
    public HostRoot Root { get; }

    public string Folder => _folder.FullName;

    public IEnumerable<FakeDevice> Devices => _devices.Values;

    /// <summary>Gets the modules that can be loaded, and the PCI driver that each provides; empty for none.</summary>
    public Dictionary<string, string> LoadableModules { get; } = [];

    /// <summary>
    /// Gets whether the kernel creates a node for each device (<c>/dev/vfio/devices/vfioN</c>, Linux 6.6), not only for
    /// each group.
    /// </summary>
    public bool HasDeviceNodes => Directory.Exists(PathOf("dev/vfio/devices"));

    public FakeDevice this[PciAddress address] => _devices[address];

    public void Dispose() => _folder.Delete(recursive: true);

    public string PathOf(string relative) => Path.Combine(_folder.FullName, relative);

    public bool Exists(string relative) => Path.Exists(PathOf(relative));

    public string Read(string relative) => File.ReadAllText(PathOf(relative));

    public void Write(string relative, string text) => Write(relative, System.Text.Encoding.UTF8.GetBytes(text));

    public void Write(string relative, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(relative))!);
        File.WriteAllBytes(PathOf(relative), bytes);
    }

    public void Append(string relative, string text) => File.AppendAllText(PathOf(relative), text);

    /// <summary>Creates a link whose target is relative, as in sysfs.</summary>
    public void Link(string relative, string target)
    {
        string folder = Path.GetDirectoryName(PathOf(relative))!;
        Directory.CreateDirectory(folder);
        File.CreateSymbolicLink(PathOf(relative), Path.GetRelativePath(folder, PathOf(target)));
    }

    public void AddDeviceNodes()
    {
        Directory.CreateDirectory(PathOf("dev/vfio/devices"));
        Write("dev/iommu", "");
        File.SetUnixFileMode(PathOf("dev/iommu"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void AddDriver(string name, string? module = null)
    {
        string folder = $"sys/bus/pci/drivers/{name}";
        foreach (string attribute in (string[])["bind", "unbind", "new_id"])
        {
            Write($"{folder}/{attribute}", "");
        }

        string moduleFolder = $"sys/module/{(module ?? name).Replace('-', '_')}";
        Directory.CreateDirectory(PathOf($"{moduleFolder}/holders"));
        Write($"{moduleFolder}/refcnt", "0\n");
        Link($"{moduleFolder}/drivers/pci:{name}", folder);
        Link($"{folder}/module", moduleFolder);
        if (name == PciDeviceInfo.VfioPciDriver)
        {
            Write($"{moduleFolder}/parameters/enable_sriov", "N\n");
        }
    }

    /// <summary>Unloads a module and its drivers.</summary>
    public void RemoveModule(string module)
    {
        string folder = $"sys/module/{module.Replace('-', '_')}";
        foreach (string driver in Directory.EnumerateFileSystemEntries(PathOf($"{folder}/drivers"))
            .Select(link => Path.GetFileName(link)["pci:".Length..])
            .ToArray())
        {
            RemoveDriver(driver);
        }

        Directory.Delete(PathOf(folder), recursive: true);
    }

    /// <summary>
    /// Writes what the running kernel's modules contain; those that <c>modules.dep</c> lists are on disk.
    /// </summary>
    public void WriteModuleFile(string name, string text)
    {
        Write("proc/sys/kernel/osrelease", "6.12.0\n");
        Write($"lib/modules/6.12.0/{name}", text);
        foreach (string module in name == "modules.dep"
            ? text.Split('\n')
                .Where(line => line.Contains(':', StringComparison.Ordinal))
                .Select(line => line.Split(':')[0])
            : [])
        {
            Write($"lib/modules/6.12.0/{module}", "");
        }
    }

    /// <summary>Loads a module without a PCI driver.</summary>
    public void AddModule(string module) => Directory.CreateDirectory(PathOf($"sys/module/{module}/drivers"));

    public void RemoveDriver(string name) => Directory.Delete(PathOf($"sys/bus/pci/drivers/{name}"), recursive: true);

    public bool HasDriver(string name) => Exists($"sys/bus/pci/drivers/{name}");

    /// <param name="address">The address.</param>
    /// <param name="ids">The vendor and device ID.</param>
    /// <param name="classCode">The class code, six digits.</param>
    /// <param name="driver">The driver that matches its IDs, and that is bound to it.</param>
    /// <param name="group">Its IOMMU group.</param>
    /// <param name="below">The bridge above it, as a part of a path.</param>
    public FakeDevice AddDevice(
        string address,
        string ids = "8086:10d3",
        string classCode = "020000",
        string? driver = null,
        int? group = null,
        string? below = null)
    {
        PciAddress at = PciAddress.Parse(address);
        string domain = string.Create(CultureInfo.InvariantCulture, $"pci{at.Domain:x4}:00");
        FakeDevice device = new(
            this, at, $"sys/devices/{domain}/{(below is null ? "" : below + "/")}{at}", ids, classCode, group);
        _devices.Add(at, device);
        device.Create();
        if (driver is not null)
        {
            if (!HasDriver(driver))
            {
                AddDriver(driver);
            }

            device.NaturalDriver = driver == PciDeviceInfo.VfioPciDriver ? null : driver;
            device.SetDriver(driver);
        }

        return device;
    }

    /// <summary>Unplugs the card.</summary>
    public void Remove(FakeDevice device)
    {
        device.SetDriver(null);
        device.Delete();
        _devices.Remove(device.Address);
    }

    /// <summary>Adds a process with an open descriptor, as /proc shows it.</summary>
    public void AddProcess(
        int id, string command, uint uid, string link, string descriptorInfo = "pos:\t0\nflags:\t02000002\n")
    {
        string folder = $"proc/{id}";
        Write($"{folder}/comm", command + "\n");
        Write(
            $"{folder}/status",
            $"Name:\t{command}\nUmask:\t0022\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\n");
        Write($"{folder}/fdinfo/0", "pos:\t0\n");
        Write($"{folder}/fdinfo/5", descriptorInfo);
        Directory.CreateDirectory(PathOf($"{folder}/fd"));
        File.CreateSymbolicLink(PathOf($"{folder}/fd/0"), "/dev/null");
        File.CreateSymbolicLink(PathOf($"{folder}/fd/5"), link);
    }

    public void EndProcess(int id) => Directory.Delete(PathOf($"proc/{id}"), recursive: true);

    public string NextDeviceNode() => string.Create(CultureInfo.InvariantCulture, $"vfio{_nextDeviceNode++}");
}
