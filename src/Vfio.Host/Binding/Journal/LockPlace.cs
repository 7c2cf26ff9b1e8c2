using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The meaning of the bytes of <c>/run/vfio/lock</c>. A change locks devices first, then IOMMU groups, then the host,
/// each kind in ascending order, so that no two changes wait for each other.
/// </summary>
internal static class LockPlace
{
    private const long ChangeBase = 1L << 50;
    private const long GroupBase = 1L << 51;

    /// <summary>
    /// What all changes share: modules, the files of persistent devices, nodes that several devices share. Never held
    /// while the kernel may block.
    /// </summary>
    public const long Host = 1L << 52;

    /// <summary>The process that will release a device. It is tested, never waited for.</summary>
    public static long Owner(PciAddress device) =>
        ((long)device.Domain << 16) | ((long)device.Bus << 8) | ((long)device.Device << 3) | device.Function;

    /// <summary>A change of a device.</summary>
    public static long Change(PciAddress device) => ChangeBase | Owner(device);

    /// <summary>A change of any device of an IOMMU group.</summary>
    public static long Group(int group) => GroupBase | (uint)group;
}
