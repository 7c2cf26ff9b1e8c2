using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>What a model says it is: the constant part of its configuration header.</summary>
/// <remarks>PCI Express Base Specification 6.0, section 7.5.1. Immutable.</remarks>
public sealed record PciIdentity
{
    /// <summary>Creates an instance.</summary>
    /// <param name="vendorId">The vendor id; 1234h is what QEMU's own devices use.</param>
    /// <param name="deviceId">The device id.</param>
    public PciIdentity(ushort vendorId, ushort deviceId)
    {
        VendorId = vendorId;
        DeviceId = deviceId;
    }

    /// <summary>The vendor id; 1234h is what QEMU's own devices use.</summary>
    public ushort VendorId { get; init; }

    /// <summary>The device id.</summary>
    public ushort DeviceId { get; init; }

    private readonly int _interruptPin;

    /// <summary>The subsystem's vendor id; 0 unless told.</summary>
    public ushort SubsystemVendorId { get; init; }

    /// <summary>The subsystem's id; 0 unless told.</summary>
    public ushort SubsystemId { get; init; }

    /// <summary>The class code; 000000 unless told.</summary>
    public PciClassCode Class { get; init; }

    /// <summary>The revision; 0 unless told.</summary>
    public byte Revision { get; init; }

    /// <summary>Which interrupt pin the device uses: 0 for none, 1 for INTA# to 4 for INTD#.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 to 4.</exception>
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
}
