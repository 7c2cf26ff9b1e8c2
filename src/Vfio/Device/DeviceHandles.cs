using Vfio.Pci;

using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Holds descriptors that a program with more rights opened, for
/// <see cref="VfioDevice.FromHandles(PciAddress, DeviceHandles, VfioOpenOptions?)"/>, so that this program needs no
/// access to device nodes. They must be as <c>open(2)</c> returned them: the process that uses them makes all further
/// calls, and the pinned memory counts against its limit. They can be used once.
/// </summary>
public sealed class DeviceHandles
{
    private int _isUsed;

    private DeviceHandles(SafeFileHandle device, SafeFileHandle context, bool isGroup) =>
        (Device, Context, IsGroup) = (device, context, isGroup);

    internal SafeFileHandle Device { get; }

    internal SafeFileHandle Context { get; }

    internal bool IsGroup { get; }

    /// <summary>Creates handles from the device's own node and <c>/dev/iommu</c>.</summary>
    /// <param name="device">An open <c>/dev/vfio/devices/vfioN</c>, for reading and writing.</param>
    /// <param name="iommufd">An open <c>/dev/iommu</c>, for reading and writing, which no other program uses.</param>
    /// <returns>The handles.</returns>
    public static DeviceHandles FromDevice(SafeFileHandle device, SafeFileHandle iommufd) =>
        Check(device, iommufd, isGroup: false);

    /// <summary>Creates handles from the device's group and a container.</summary>
    /// <param name="group">An open <c>/dev/vfio/N</c>, for reading and writing.</param>
    /// <param name="container">
    /// An open <c>/dev/vfio/vfio</c>, for reading and writing, which no other program uses.
    /// </param>
    /// <returns>The handles.</returns>
    public static DeviceHandles FromGroup(SafeFileHandle group, SafeFileHandle container) =>
        Check(group, container, isGroup: true);

    internal void UseOnce()
    {
        if (Interlocked.Exchange(ref _isUsed, 1) != 0)
        {
            throw new InvalidOperationException("these descriptors already belong to a device");
        }
    }

    internal void Dispose() => Disposal.Quietly([Device.Dispose, Context.Dispose]);

    private static DeviceHandles Check(SafeFileHandle device, SafeFileHandle context, bool isGroup)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(context);
        return new DeviceHandles(device, context, isGroup);
    }
}
