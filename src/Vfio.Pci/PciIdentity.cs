namespace Vfio.Pci;

/// <summary>Represents the identity of a device: the constant part of its configuration header.</summary>
/// <remarks>PCI Express Base Specification 6.0, section 7.5.1. Instances are immutable.</remarks>
public sealed record PciIdentity
{
    /// <summary>Creates an instance.</summary>
    /// <param name="vendorId">The vendor ID; QEMU's own devices use 1234h.</param>
    /// <param name="deviceId">The device ID.</param>
    public PciIdentity(ushort vendorId, ushort deviceId)
    {
        VendorId = vendorId;
        DeviceId = deviceId;
    }

    /// <summary>Gets the vendor ID; QEMU's own devices use 1234h.</summary>
    public ushort VendorId { get; init; }

    /// <summary>Gets the device ID.</summary>
    public ushort DeviceId { get; init; }

    private readonly int _interruptPin;

    /// <summary>Gets the subsystem vendor ID; 0 by default.</summary>
    public ushort SubsystemVendorId { get; init; }

    /// <summary>Gets the subsystem ID; 0 by default.</summary>
    public ushort SubsystemId { get; init; }

    /// <summary>Gets the class code; 000000 by default.</summary>
    public PciClassCode Class { get; init; }

    /// <summary>Gets the revision; 0 by default.</summary>
    public byte Revision { get; init; }

    /// <summary>Gets the interrupt pin that the device uses: 0 for none, 1 for INTA# to 4 for INTD#.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not 0 to 4.</exception>
    public int InterruptPin
    {
        get => _interruptPin;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 4);
            _interruptPin = value;
        }
    }

    /// <summary>Gets the identity that a header contains.</summary>
    /// <param name="header">The header.</param>
    /// <returns>The identity. An interrupt pin that the specification does not have counts as none.</returns>
    public static PciIdentity From(PciConfigHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        return new PciIdentity(header.VendorId, header.DeviceId)
        {
            SubsystemVendorId = header.SubsystemVendorId,
            SubsystemId = header.SubsystemId,
            Class = header.Class,
            Revision = header.Revision,
            InterruptPin = header.InterruptPin <= 4 ? header.InterruptPin : 0,
        };
    }
}
