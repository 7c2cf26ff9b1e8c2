using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Finds the files through which programs use a device and everything below it in <c>/sys/devices</c> (disks, sound
/// cards, devices on a USB controller, devices behind an Intel VMD): nodes in <c>/dev</c>, and its regions in sysfs.
/// </summary>
internal static class UsedFiles
{
    // More than any device has, in case the tree is not sysfs and endless.
    private const int MostFolders = 50_000;
    private const int MostDepth = 48;
    private const int MostRegions = 6;

    // Skipped: large, and without nodes.
    private static readonly string[] PassedOver = ["power", "msi_irqs", "statistics", "queues", "trace", "mq"];

    /// <summary>Finds the files; reads only sysfs.</summary>
    public static IReadOnlyList<UsedFile> Below(HostRoot host, PciDeviceInfo device)
    {
        string? folder = SysfsPath.Resolve(host, $"/sys/bus/pci/devices/{device.Address}");
        return folder is null
            ? []
            : [.. Walk(host, folder)
                .Concat(OfMultipath(host, device.Address))
                .Concat(OfNvidia(host, device.Address))
                .DistinctBy(file => file.Path)];
    }

    private static IEnumerable<UsedFile> Walk(HostRoot host, string top)
    {
        Stack<(string Folder, int Depth)> rest = new([(top, 0)]);
        for (int count = 0; count < MostFolders && rest.TryPop(out (string Folder, int Depth) next); count++)
        {
            string path = host.Combine(next.Folder[1..]);
            if (NodeIn(path, next.Folder) is UsedFile node)
            {
                yield return node;
            }

            if (PciAddress.TryParse(Path.GetFileName(next.Folder), out _))
            {
                foreach (UsedFile region in RegionsIn(path, next.Folder))
                {
                    yield return region;
                }
            }

            foreach (string child in next.Depth == MostDepth ? [] : FoldersIn(path))
            {
                rest.Push(($"{next.Folder}/{child}", next.Depth + 1));
            }
        }
    }

    // Links are not followed: they lead to other devices, and form loops.
    private static string[] FoldersIn(string path)
    {
        try
        {
            return [.. new DirectoryInfo(path).EnumerateDirectories()
                .Where(folder => folder.LinkTarget is null && !PassedOver.Contains(folder.Name))
                .Select(folder => folder.Name)
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static UsedFile? NodeIn(string path, string folder)
    {
        if (SysfsFile.Read(Path.Combine(path, "dev")) is not string number)
        {
            return null;
        }

        string name = Path.GetFileName(folder);
        string subsystem = SysfsFile.ReadLinkName(Path.Combine(path, "subsystem"))
            ?? Path.GetFileName(Path.GetDirectoryName(folder))
            ?? "";
        string? given = SysfsFile.ReadLines(Path.Combine(path, "uevent"))
            .FirstOrDefault(line => line.StartsWith("DEVNAME=", StringComparison.Ordinal));
        string node = given is not null ? given["DEVNAME=".Length..]
            : subsystem == "vfio-dev" ? $"vfio/devices/{name}"
            : name;
        return new UsedFile(
            $"/dev/{node}", subsystem, folder, FileIdentity.OfNode(number, isBlock: subsystem == "block"));
    }

    // resource0 and the others, and resource0_wc: a process that maps one can access the device's memory.
    private static IEnumerable<UsedFile> RegionsIn(string path, string folder) =>
        from number in Enumerable.Range(0, MostRegions)
        from name in (string[])[$"resource{number}", $"resource{number}_wc"]
        where File.Exists(Path.Combine(path, name))
        select new UsedFile($"{folder}/{name}", "pci", folder, FileIdentity.Of(Path.Combine(path, name)));

    // With native multipath, a namespace is not below its controllers.
    private static IEnumerable<UsedFile> OfMultipath(HostRoot host, PciAddress device) =>
        from kind in (string[])["block", "nvme-generic"]
        from name in new ClassDevices(host, kind).On(device)
        let number = SysfsFile.Read(host.Combine($"sys/class/{kind}/{name}/dev"))
        select new UsedFile(
            $"/dev/{name}", kind, $"/sys/class/{kind}/{name}", FileIdentity.OfNode(number, isBlock: kind == "block"));

    // The nodes of NVIDIA's own driver are not in sysfs. Their major number is 195 (Linux allocated devices).
    private static IEnumerable<UsedFile> OfNvidia(HostRoot host, PciAddress device)
    {
        const string MinorKey = "Device Minor:";
        string folder = $"proc/driver/nvidia/gpus/{device}";
        foreach (string line in SysfsFile.ReadLines(host.Combine($"{folder}/information"))
            .Where(line => line.StartsWith(MinorKey, StringComparison.Ordinal)))
        {
            string minor = line[MinorKey.Length..].Trim();
            if (FileIdentity.OfNode($"195:{minor}", isBlock: false) is FileIdentity identity)
            {
                yield return new UsedFile($"/dev/nvidia{minor}", "nvidia", $"/{folder}", identity);
            }
        }
    }
}

/// <summary>Represents a file through which a device is used.</summary>
/// <param name="Path">Its path: <c>/dev/snd/controlC0</c>.</param>
/// <param name="Subsystem">The kernel's name for its subsystem: <c>sound</c>, <c>block</c>, <c>input</c>.</param>
/// <param name="Folder">Its folder in sysfs.</param>
/// <param name="Identity">
/// Its identity, independent of its name; <see langword="null"/> if sysfs does not report it.
/// </param>
internal sealed record UsedFile(string Path, string Subsystem, string Folder, FileIdentity? Identity)
{
    /// <summary>
    /// Gets whether it belongs to a keyboard, mouse or similar device on USB or another bus for input devices: the
    /// desktop always has it open, and it disappears with its controller.
    /// </summary>
    public bool IsInputOnBus => Subsystem is "input" or "hidraw"
        && Folder.Split('/').Any(part => part.StartsWith("usb", StringComparison.Ordinal) || IsHid(part));

    // 0003:046D:C52B.0001: bus, vendor, product, count.
    private static bool IsHid(string name) =>
        name.Length == "0003:046D:C52B.0001".Length && name[4] == ':' && name[9] == ':' && name[14] == '.';
}
