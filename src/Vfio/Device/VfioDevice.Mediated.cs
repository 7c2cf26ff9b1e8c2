namespace Vfio;

// Mediated devices: devices of the host that are no PCI devices of the host, and look like ones here.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Gets what sysfs reported about a mediated device when it was opened; <see langword="null"/> for any other
    /// device. A mediated device is not on a bus: <see cref="Address"/> is 0000:00:00.0 and has no meaning,
    /// <see cref="Name"/> is the UUID, and the host's PCI device that it was created from is
    /// <see cref="MediatedDevice.ParentAddress"/>.
    /// </summary>
    public MediatedDevice? MediatedDevice { get; private init; }

    /// <summary>Opens a mediated device.</summary>
    /// <remarks>
    /// By its own node or its group, as a PCI device is. There is no IOMMU of its own in front of it: its driver
    /// reaches memory for it, and only what is mapped in <see cref="AddressSpace"/>. Which transfers were refused is
    /// not told (<see cref="GetFaults"/> is empty).
    /// </remarks>
    /// <param name="id">Its UUID.</param>
    /// <param name="options">Which way, and which address space.</param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="ArgumentException">A token was given, or the address space is a device model's.</exception>
    /// <exception cref="VfioException">
    /// No such device, or its module is not loaded; no VFIO driver has it; it is no PCI device
    /// (<see cref="MediatedDevice.DeviceApi"/>); not permitted; open elsewhere; or a system call failed.
    /// </exception>
    public static VfioDevice OpenMediated(Guid id, VfioOpenOptions? options = null)
    {
        options ??= new VfioOpenOptions();
        return DeviceOpener.Open(MediatedDevice.Get(id, options.Host), options);
    }

    /// <summary>Opens a mediated device by its folder in sysfs.</summary>
    /// <param name="sysfsPath">
    /// The path, absolute: <c>/sys/bus/mdev/devices/UUID</c>, or any other that leads to the same folder below
    /// <c>/sys/devices</c>. Below <see cref="VfioOpenOptions.Host"/>.
    /// </param>
    /// <param name="options">Which way, and which address space.</param>
    /// <inheritdoc cref="OpenMediated(Guid, VfioOpenOptions?)"/>
    public static VfioDevice OpenMediated(string sysfsPath, VfioOpenOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(sysfsPath);
        options ??= new VfioOpenOptions();
        return DeviceOpener.Open(MediatedDevice.Get(sysfsPath, options.Host), options);
    }

    /// <summary>Creates a mediated device from descriptors that a program with more rights opened.</summary>
    /// <param name="id">Its UUID.</param>
    /// <param name="handles">The descriptors; the device's from here on, and closed also where this fails.</param>
    /// <param name="options">The backend follows from the descriptors, and so does the address space.</param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="ArgumentException">A token or an address space was given.</exception>
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
