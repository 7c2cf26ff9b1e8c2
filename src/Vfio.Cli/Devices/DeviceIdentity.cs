using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>What a device says it is.</summary>
/// <param name="Name">As the person may name it: its address; a model's name.</param>
/// <param name="Address">Where it is; 0000:00:00.0 for a model.</param>
/// <param name="VendorId">Its vendor.</param>
/// <param name="DeviceId">Its kind.</param>
internal sealed record DeviceIdentity(string Name, PciAddress Address, ushort VendorId, ushort DeviceId)
{
    public ushort SubsystemVendorId { get; init; }

    public ushort SubsystemId { get; init; }

    public PciClassCode Class { get; init; }

    /// <summary>What a device of the host is.</summary>
    public static DeviceIdentity Of(PciDeviceInfo device) => new(device.Address.ToString(), device.Address, device.VendorId, device.DeviceId)
    {
        SubsystemVendorId = device.SubsystemVendorId,
        SubsystemId = device.SubsystemId,
        Class = device.Class,
    };
}
