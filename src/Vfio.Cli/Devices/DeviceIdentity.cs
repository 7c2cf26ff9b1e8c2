using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents the identity of a device.</summary>
/// <param name="Name">The name that a user can give: the address, or the name of a device model.</param>
/// <param name="Address">The address; 0000:00:00.0 for a device model.</param>
/// <param name="VendorId">The vendor ID.</param>
/// <param name="DeviceId">The device ID.</param>
internal sealed record DeviceIdentity(string Name, PciAddress Address, ushort VendorId, ushort DeviceId)
{
    public ushort SubsystemVendorId { get; init; }

    public ushort SubsystemId { get; init; }

    public PciClassCode Class { get; init; }

    /// <summary>Creates the identity of a device of the host.</summary>
    public static DeviceIdentity Of(PciDeviceInfo device) =>
        new(device.Address.ToString(), device.Address, device.VendorId, device.DeviceId)
        {
            SubsystemVendorId = device.SubsystemVendorId,
            SubsystemId = device.SubsystemId,
            Class = device.Class,
        };
}
