namespace Vfio;

// Mediated devices: a driver of the host creates them, and a program uses them like PCI devices.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Gets what sysfs reported about a mediated device when it was opened; <see langword="null"/> for any other
    /// device. A mediated device is not on a bus: its <see cref="Address"/> is <see langword="null"/>, its
    /// <see cref="Name"/> is the UUID, and <see cref="MediatedDevice.ParentAddress"/> is the PCI device of the host
    /// that it was created from.
    /// </summary>
    public MediatedDevice? MediatedDevice { get; private init; }

    /// <summary>Opens a mediated device.</summary>
    /// <remarks>
    /// The device is opened through its own node or its group, as a PCI device is. It has no IOMMU of its own: its
    /// driver accesses memory for it, and only what is mapped in <see cref="AddressSpace"/>. Refused transfers are not
    /// reported (<see cref="GetFaults"/> is empty).
    /// </remarks>
    /// <param name="id">The UUID of the device.</param>
    /// <param name="options">The backend and the address space.</param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// A token was passed, or the address space belongs to a device model.
    /// </exception>
    /// <exception cref="VfioException">
    /// There is no such device, or its module is not loaded; it is not bound to a VFIO driver; it is not a PCI device
    /// (<see cref="MediatedDevice.DeviceApi"/>); this user cannot open it; another process has it open; or a system
    /// call failed.
    /// </exception>
    public static VfioDevice OpenMediated(Guid id, VfioOpenOptions? options = null)
    {
        options ??= new VfioOpenOptions();
        return DeviceOpener.Open(MediatedDevice.Get(id, options.Host), options);
    }

    /// <summary>Opens a mediated device, given by its folder in sysfs.</summary>
    /// <param name="sysfsPath">
    /// An absolute path: <c>/sys/bus/mdev/devices/UUID</c>, or any other that leads to the same folder below
    /// <c>/sys/devices</c>.
    /// </param>
    /// <param name="options">The backend and the address space.</param>
    /// <inheritdoc cref="OpenMediated(Guid, VfioOpenOptions?)"/>
    public static VfioDevice OpenMediated(string sysfsPath, VfioOpenOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(sysfsPath);
        options ??= new VfioOpenOptions();
        return DeviceOpener.Open(MediatedDevice.Get(sysfsPath, options.Host), options);
    }

    /// <summary>Creates a mediated device from descriptors that a program with more rights opened.</summary>
    /// <param name="id">The UUID of the device.</param>
    /// <param name="handles">
    /// The descriptors. The device owns them from now on; they are closed even if this call fails.
    /// </param>
    /// <param name="options">The backend and the address space follow from the descriptors.</param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="ArgumentException">A token or an address space was passed.</exception>
    /// <exception cref="VfioException">
    /// There is no such device, or this library does not support it; the descriptors are not valid for it; another
    /// process has the device open; or a system call failed.
    /// </exception>
    public static VfioDevice FromHandles(Guid id, DeviceHandles handles, VfioOpenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(handles);
        return DeviceOpener.Take(default, id, handles, options ?? new VfioOpenOptions());
    }
}
