using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio;

// Resets of the bus, and writes that an eventfd triggers.
internal sealed partial class DeviceFile
{
    private const int FunctionBits = 3;

    /// <summary>
    /// Gets the group that the device was opened through, which proves to the kernel that it belongs to this process;
    /// <see langword="null"/> if it was opened through its own node.
    /// </summary>
    public SafeFileHandle? Group { get; init; }

    public HotResetInfo GetHotResetInfo()
    {
        const string Call = "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO";
        int errno = VfioDeviceIoctl.GetHotResetInfo(
            calls, device, out uint flags, out VfioUapi.vfio_pci_dependent_device[] devices);
        if (errno != 0)
        {
            throw errno == Errno.ENODEV
                ? new VfioException(
                    "reset the bus of",
                    subject,
                    "there is no bridge above the device that could do it",
                    "a reset of only this device may be enough, if it supports one")
                : new VfioException(Call, subject, errno, errno switch
                {
                    Errno.EPERM => "a device on its bus has no IOMMU group, so any program could be using it",
                    _ => null,
                });
        }

        bool tellsOwners = (flags & VfioUapi.VFIO_PCI_HOT_RESET_FLAG_DEV_ID) != 0;
        return new HotResetInfo(
            tellsOwners,
            tellsOwners && (flags & VfioUapi.VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED) != 0,
            Array.ConvertAll(devices, found => Describe(found, tellsOwners)));
    }

    public void HotReset(IReadOnlyList<IDeviceBackend> owned)
    {
        SafeFileHandle[] groups = Group is null
            ? []
            : [.. owned.OfType<DeviceFile>().Select(file => file.Group).OfType<SafeFileHandle>().Distinct()];
        int errno = VfioDeviceIoctl.HotReset(calls, device, groups);
        if (errno != 0)
        {
            throw new VfioException("VFIO_DEVICE_PCI_HOT_RESET", subject, errno, errno switch
            {
                Errno.EINVAL => "a device on its bus does not belong to this program: it is not bound to vfio-pci, is "
                    + "open in another program, or was plugged in meanwhile",
                Errno.EAGAIN => "a device on its bus is being reset, or its configuration is being read; try again",
                _ => null,
            });
        }
    }

    public void SetWriteOnEvent(RegionInfo region, ulong offset, int width, ulong value, SafeFileHandle? eventFd)
    {
        int errno = VfioDeviceIoctl.SetWriteOnEvent(
            calls, device, (ulong)PlaceIn(region, offset), width, value, eventFd);
        if (errno != 0)
        {
            throw new VfioException(
                "VFIO_DEVICE_IOEVENTFD", $"{region.Index.Describe()}+0x{offset:x} of {subject}", errno, errno switch
                {
                    Errno.EINVAL => "only BARs can be written in this way, outside the MSI-X table; or the "
                        + "descriptor is not an eventfd",
                    Errno.EEXIST => "another event already writes the same value there",
                    Errno.ENOSPC => "a device can have at most 1000 of these (ioeventfds)",
                    Errno.ENOTTY => "this kernel or the device's driver does not support it",
                    _ => null,
                });
        }
    }

    private static HotResetEntry Describe(VfioUapi.vfio_pci_dependent_device found, bool tellsOwners)
    {
        PciAddress address = new(
            found.segment,
            found.bus,
            (byte)(found.devfn >> FunctionBits),
            (byte)(found.devfn & ((1 << FunctionBits) - 1)));
        int id = (int)found.group_id;
        return tellsOwners
            ? new HotResetEntry(
                address,
                Group: null,
                IsOwned: id != VfioUapi.VFIO_PCI_DEVID_NOT_OWNED,
                IsOpen: id is not (VfioUapi.VFIO_PCI_DEVID_NOT_OWNED or VfioUapi.VFIO_PCI_DEVID_OWNED))
            : new HotResetEntry(address, found.group_id, IsOwned: false, IsOpen: false);
    }
}
