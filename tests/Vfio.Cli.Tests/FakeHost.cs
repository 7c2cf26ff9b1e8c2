using System.Globalization;

namespace Vfio.Cli.Tests;

/// <summary>A PCI device of a <see cref="FakeHost"/>.</summary>
internal sealed record FakeDevice(string Address, ushort VendorId, ushort DeviceId, string Class)
{
    public string? Driver { get; init; }

    public int? Group { get; init; }

    public bool IsBootDisplay { get; init; }

    /// <summary>The bridge above it; <see langword="null"/> for a device on its root bus.</summary>
    public string? Parent { get; init; }

    /// <summary>The root bus, if the device has no parent.</summary>
    public string RootBus { get; init; } = "pci0000:00";

    /// <summary>
    /// The content of the four link files: the current speed and width, and the maximum of both; empty for a device
    /// without a link.
    /// </summary>
    public FakeLink? Link { get; init; }

    /// <summary>The address of the physical function, for a virtual function.</summary>
    public string? PhysicalFunction { get; init; }
}

/// <summary>Represents the link of a <see cref="FakeDevice"/>, as sysfs writes it.</summary>
internal sealed record FakeLink(string Speed, string Width, string MaxSpeed, string MaxWidth)
{
    /// <summary>The values that Linux reports for an integrated device.</summary>
    public static FakeLink BuiltIn { get; } = new("Unknown", "0", "Unknown", "255");

    /// <summary>Creates a link with speeds in GT/s, such as "8.0".</summary>
    public static FakeLink Of(string speed, int width, string maxSpeed, int maxWidth) =>
        new($"{speed} GT/s PCIe", $"{width}", $"{maxSpeed} GT/s PCIe", $"{maxWidth}");
}

/// <summary>
/// Creates the files of a fake host in a folder: sysfs, procfs and the journal, as far as the tool reads them.
/// </summary>
internal sealed class FakeHost : IDisposable
{
    private const int DevicesOnABus = 32 * 8;

    private readonly string _folder = NewFolder("vfio-cli-tests-");

    private readonly Dictionary<string, string> _folders = [];

    /// <summary>
    /// Returns the path of a folder to create. It is in memory if the system has such a place, because thousands of
    /// small files are created and removed, and because a long TMPDIR would exceed the length of a message line or of a
    /// socket's name.
    /// </summary>
    public static string NewFolder(string prefix) =>
        Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"{prefix}{Guid.NewGuid():n}");

    public FakeHost()
    {
        // If this folder were missing, a plan would load the module on the host that runs the test.
        Directory.CreateDirectory(PathOf("sys/bus/pci/drivers/vfio-pci"));
        Directory.CreateDirectory(PathOf("sys/bus/pci/devices"));
        Root = new HostRoot(_folder);
    }

    public HostRoot Root { get; }

    /// <summary>
    /// Creates a host with many devices of a few kinds and with a few drivers, each device in its own group.
    /// </summary>
    public static FakeHost WithDevices(int count)
    {
        (ushort Vendor, ushort Device, string Class, string? Driver)[] kinds =
        [
            (0x8086, 0x10d3, "020000", "e1000e"),
            (0x1b36, 0x0010, "010802", "nvme"),
            (0x1234, 0x1111, "030000", null),
            (0x8086, 0x10c9, "020000", "vfio-pci"),
            (0x1b36, 0x000c, "060400", "pcieport"),
        ];
        FakeHost host = new();
        for (int i = 0; i < count; i++)
        {
            (ushort vendor, ushort device, string code, string? driver) = kinds[i % kinds.Length];
            int bus = i / DevicesOnABus;
            string address = string.Create(
                CultureInfo.InvariantCulture, $"{bus / 256:x4}:{bus % 256:x2}:{i % DevicesOnABus / 8:x2}.{i % 8}");
            host.Add(new FakeDevice(address, vendor, device, code) { Driver = driver, Group = i });
        }

        return host;
    }

    /// <summary>Creates a host with one of each kind of device that the commands distinguish.</summary>
    public static FakeHost Typical()
    {
        FakeHost host = new();
        host.Add(new("0000:00:00.0", 0x8086, 0x29c0, "060000"));
        host.Add(
            new("0000:00:01.0", 0x1234, 0x1111, "030000") { Driver = "bochs-drm", Group = 1, IsBootDisplay = true });
        host.Add(new("0000:00:03.0", 0x1234, 0x11e8, "00ff00") { Group = 3 });
        host.Add(new("0000:00:06.0", 0x1b36, 0x0010, "010802") { Driver = "nvme", Group = 6 });
        host.Add(new("0000:00:08.0", 0x1af4, 0x1041, "020000") { Driver = "virtio-pci", Group = 8 });
        host.Add(new("0000:00:14.3", 0x8086, 0x10d3, "020000") { Driver = "e1000e", Group = 14 });
        host.Add(new("0000:00:1c.0", 0x1b36, 0x000c, "060400") { Driver = "pcieport", Group = 10 });
        host.Add(new("0000:03:01.0", 0x1234, 0x11e8, "00ff00") { Driver = "vfio-pci", Group = 10 });
        host.Add(new("0000:03:02.0", 0x8086, 0x10d3, "020000") { Driver = "e1000e", Group = 10 });
        host.Add(new("0000:04:00.0", 0x1002, 0x73bf, "030000") { Driver = "vfio-pci", Group = 20 });
        host.AddInterface("0000:00:14.3", "eth0");
        host.AddDisk("0000:00:06.0", "nvme0n1", mountPoint: "/srv");
        return host;
    }

    /// <summary>Adds everything that sysfs has about the 82574 of <see cref="Typical"/>, as root sees it.</summary>
    public static FakeHost WithDetails()
    {
        FakeHost host = Typical();
        const string address = "0000:00:14.3";
        host.WriteConfig(address, FakeConfig.Intel82574());
        (string Name, string Text)[] attributes =
        [
            ("revision", "0x00\n"),
            ("numa_node", "1\n"),
            ("power_state", "D0\n"),
            ("power/runtime_status", "active\n"),
            ("reset_method", "flr bus\n"),
            ("current_link_speed", "2.5 GT/s PCIe\n"),
            ("current_link_width", "1\n"),
            ("max_link_speed", "5.0 GT/s PCIe\n"),
            ("max_link_width", "4\n"),
            ("irq", "20\n"),
            ("msi_irqs/24", "msix\n"),
            ("msi_irqs/25", "msix\n"),
            ("msi_irqs/26", "msix\n"),
            ("msi_irqs/30", "msix\n"),
            ("sriov_totalvfs", "8\n"),
            ("sriov_numvfs", "0\n"),
            (
                "resource",
                """
                0x00000000feb40000 0x00000000feb5ffff 0x0000000000040200
                0x00000000feb60000 0x00000000feb7ffff 0x0000000000040200
                0x000000000000e1a0 0x000000000000e1bf 0x0000000000040101
                0x00000000feba4000 0x00000000feba7fff 0x0000000000040200
                0x0000000000000000 0x0000000000000000 0x0000000000000000
                0x0000000000000000 0x0000000000000000 0x0000000000000000
                0x0000000000000000 0x000000000003ffff 0x0000000000046200
                0x0000004000000000 0x000000400001ffff 0x000000000014220c

                """),
        ];
        foreach ((string name, string text) in attributes)
        {
            host.Write($"sys/devices/pci0000:00/{address}/{name}", text);
        }

        host.Write("sys/bus/pci/slots/7/address", "0000:00:14\n");
        return host;
    }

    public string PathOf(string relative) => Path.Combine(_folder, relative);

    public void Add(FakeDevice device)
    {
        string place =
            $"{(device.Parent is string parent ? FolderOf(parent) : $"sys/devices/{device.RootBus}")}/{device.Address}";
        _folders[device.Address] = place;
        string folder = PathOf(place);
        Directory.CreateDirectory(folder);
        Write(Path.Combine(folder, "driver_override"), "(null)\n");
        WriteIdentity(device.Address, device);
        File.CreateSymbolicLink(PathOf($"sys/bus/pci/devices/{device.Address}"), $"../../../{place["sys/".Length..]}");
        AddLink(place, device.Link);
        if (device.PhysicalFunction is string owner)
        {
            File.CreateSymbolicLink(Path.Combine(folder, "physfn"), $"../{owner}");
        }

        if (device.IsBootDisplay)
        {
            Write(Path.Combine(folder, "boot_vga"), "1\n");
        }

        if (device.Driver is string driver)
        {
            Directory.CreateDirectory(PathOf($"sys/bus/pci/drivers/{driver}"));
        }

        if (device.Group is int group)
        {
            string groupFolder = PathOf($"sys/kernel/iommu_groups/{group}");
            Directory.CreateDirectory(Path.Combine(groupFolder, "devices"));
            Write(Path.Combine(groupFolder, "type"), "DMA-FQ\n");
            File.CreateSymbolicLink(Path.Combine(groupFolder, "devices", device.Address), folder);
            File.CreateSymbolicLink(Path.Combine(folder, "iommu_group"), groupFolder);
        }
    }

    /// <summary>Writes the identity and the driver of a device.</summary>
    public void WriteIdentity(string address, FakeDevice device)
    {
        string folder = FolderOf(address), code = device.Class.PadLeft(6, '0').ToUpperInvariant();
        Write($"{folder}/modalias", string.Create(
            CultureInfo.InvariantCulture,
            $"pci:v{device.VendorId:X8}d{device.DeviceId:X8}sv00001AF4sd00001100bc{code[..2]}"
            + $"sc{code[2..4]}i{code[4..]}\n"));
        string link = PathOf($"{folder}/driver");
        File.Delete(link);
        if (device.Driver is string driver)
        {
            File.CreateSymbolicLink(link, PathOf($"sys/bus/pci/drivers/{driver}"));
        }
    }

    public void AddInterface(string address, string name)
    {
        string folder = PathOf($"{FolderOf(address)}/net/{name}");
        Directory.CreateDirectory(folder);
        Write(Path.Combine(folder, "flags"), "0x1002\n");
        Directory.CreateDirectory(PathOf("sys/class/net"));
        File.CreateSymbolicLink(
            PathOf($"sys/class/net/{name}"), $"../../{FolderOf(address)["sys/".Length..]}/net/{name}");
    }

    /// <summary>
    /// Creates a link in <c>/sys/class</c> to something below a device: a controller, a card, a partition.
    /// </summary>
    public void AddClassDevice(string address, string className, string below, string name)
    {
        string folder = PathOf($"sys/devices/pci0000:00/{address}/{below}{name}");
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(PathOf($"sys/class/{className}"));
        File.CreateSymbolicLink(
            PathOf($"sys/class/{className}/{name}"), $"../../devices/pci0000:00/{address}/{below}{name}");
    }

    /// <summary>Creates an entry of <c>/sys/class</c> that belongs to no PCI device.</summary>
    public void AddVirtual(string className, string name)
    {
        Directory.CreateDirectory(PathOf($"sys/devices/virtual/{className}/{name}"));
        Directory.CreateDirectory(PathOf($"sys/class/{className}"));
        File.CreateSymbolicLink(PathOf($"sys/class/{className}/{name}"), $"../../devices/virtual/{className}/{name}");
    }

    public void WriteConfig(string address, byte[] config) =>
        File.WriteAllBytes(PathOf($"sys/devices/pci0000:00/{address}/config"), config);

    public void AddDisk(string address, string name, string mountPoint)
    {
        string folder = PathOf($"{FolderOf(address)}/nvme/nvme0/{name}");
        Directory.CreateDirectory(folder);
        Write(Path.Combine(folder, "dev"), "259:0\n");
        Directory.CreateDirectory(PathOf("sys/class/block"));
        File.CreateSymbolicLink(
            PathOf($"sys/class/block/{name}"), $"../../{FolderOf(address)["sys/".Length..]}/nvme/nvme0/{name}");
        Write("proc/self/mountinfo", $"40 1 259:0 / {mountPoint} rw,relatime - ext4 /dev/{name} rw\n");
    }

    /// <summary>Adds a journal entry for a bound device.</summary>
    public void AddJournalEntry(
        string address, ushort vendor, ushort device, string? driverBefore, string? user = null, string names = "") =>
        Write(
        $"run/vfio/{address}.json",
        $$"""
        {
          "version": 2, "address": "{{address}}", "vendorId": "{{vendor:x4}}", "deviceId": "{{device:x4}}",
          "driver": "vfio-pci", "driverBefore": {{Quote(driverBefore)}}, "moduleBefore": null, "overrideBefore": null,
          "loadedModules": [], "functionsBefore": null, "enabledFunctions": false,
          {{(names.Length == 0 ? "\"interfaces\": [], \"disks\": []" : names)}},
          {{(names.Contains("otherNames", StringComparison.Ordinal) ? "" : "\"otherNames\": [], ")}}
          "user": {{Quote(user)}}, "nodes": [],
          "takenAt": "2026-11-22T19:40:12+00:00", "takenBy": "root", "processId": 4711
        }
        """);

    /// <summary>Writes a file, given by its path below the root.</summary>
    public void Write(string relative, string text)
    {
        string path = PathOf(relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Returns the folder of a device below the root.
    private string FolderOf(string address) => _folders.GetValueOrDefault(address, $"sys/devices/pci0000:00/{address}");

    private void AddLink(string folder, FakeLink? link)
    {
        if (link is not null)
        {
            Write($"{folder}/current_link_speed", link.Speed + "\n");
            Write($"{folder}/current_link_width", link.Width + "\n");
            Write($"{folder}/max_link_speed", link.MaxSpeed + "\n");
            Write($"{folder}/max_link_width", link.MaxWidth + "\n");
        }
    }

    private static string Quote(string? text) => text is null ? "null" : $"\"{text}\"";
}
