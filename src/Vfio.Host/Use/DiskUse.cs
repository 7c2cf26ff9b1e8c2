using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Finds the uses of disks and partitions: mounted, used as swap, part of another block device, claimed by the kernel.
/// </summary>
internal sealed class DiskUse(HostRoot host)
{
    private readonly ClassDevices _disks = new(host, "block");
    private readonly List<(string Number, string Source, string MountPoint)> _mounts = ReadMounts(host);
    private readonly HashSet<string> _swaps = ReadSwaps(host);

    public IReadOnlyList<string> Disks(PciAddress device) => _disks.On(device);

    /// <summary>Gets each use of the device's disks.</summary>
    /// <param name="device">The device.</param>
    /// <param name="openNodes">
    /// Whether to open the disks' nodes too, to find out whether the kernel has claimed them.
    /// </param>
    public IEnumerable<DeviceUse> Of(PciAddress device, bool openNodes)
    {
        foreach (string disk in _disks.On(device))
        {
            DeviceUse[] uses = [.. UsesOf(disk)];
            if (uses.Length == 0 && openNodes && IsClaimed(disk))
            {
                uses = [new DeviceUse(
                    RefusalReason.Claimed,
                    "disk",
                    disk,
                    "is claimed by the kernel (a file system in another namespace, ZFS, …)")];
            }

            foreach (DeviceUse use in uses)
            {
                yield return use;
            }
        }
    }

    private IEnumerable<DeviceUse> UsesOf(string disk)
    {
        string folder = host.Combine($"sys/class/block/{disk}");
        string? number = SysfsFile.Read(Path.Combine(folder, "dev"));
        string node = $"/dev/{disk}";
        foreach ((string mountNumber, string source, string mountPoint) in _mounts)
        {
            if (mountNumber == number || source == node)
            {
                yield return new DeviceUse(RefusalReason.Mounted, "disk", disk, $"is mounted on {mountPoint}");
            }
        }

        if (_swaps.Contains(node))
        {
            yield return new DeviceUse(RefusalReason.Swap, "disk", disk, "is used as swap");
        }

        // A loop device uses a disk's node without claiming it.
        foreach (string loop in SysfsFile.Names(host.Combine("sys/block"))
            .Where(name => name.StartsWith("loop", StringComparison.Ordinal)))
        {
            if (SysfsFile.Read(host.Combine($"sys/block/{loop}/loop/backing_file")) == node)
            {
                yield return new DeviceUse(RefusalReason.Held, "disk", disk, $"is part of {loop}");
            }
        }

        foreach (string holder in SysfsFile.Names(Path.Combine(folder, "holders")))
        {
            string mapped = SysfsFile.Read(host.Combine($"sys/class/block/{holder}/dm/name")) is string name
                ? $"{holder} ({name})"
                : holder;
            yield return new DeviceUse(RefusalReason.Held, "disk", disk, $"is part of {mapped}");
        }
    }

    // An exclusive open fails while a file system, swap, md, dm or ZFS uses the disk, in any namespace.
    private bool IsClaimed(string disk)
    {
        using SafeFileHandle node = Libc.Open(
            host.Combine($"dev/{disk}"), Libc.O_RDONLY | Libc.O_EXCL | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        return node.IsInvalid && Marshal.GetLastPInvokeError() == Errno.EBUSY;
    }

    // proc(5): id parent major:minor root mountpoint options … - type source options
    private static List<(string, string, string)> ReadMounts(HostRoot host)
    {
        List<(string, string, string)> mounts = [];
        foreach (string line in SysfsFile.ReadLines(host.Combine("proc/self/mountinfo")))
        {
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (dash >= 5 && dash + 2 < fields.Length)
            {
                mounts.Add((fields[2], fields[dash + 2], fields[4]));
            }
        }

        return mounts;
    }

    private static HashSet<string> ReadSwaps(HostRoot host) =>
        [.. SysfsFile.ReadLines(host.Combine("proc/swaps")).Skip(1).Select(line => line.Split([' ', '\t'], 2)[0])];
}
