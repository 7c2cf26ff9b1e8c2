namespace Vfio.Emulation;

/// <summary>
/// Represents the device serial number, an extended capability (PCI Express Base Specification 6.0, section 7.9.3).
/// </summary>
/// <param name="serialNumber">The serial number, an EUI-64.</param>
public sealed class SerialNumberCapability(ulong serialNumber) : ModelCapability
{
    /// <summary>Gets the serial number.</summary>
    public ulong SerialNumber => serialNumber;

    internal override bool IsExtended => true;

    internal override int Length => 12;

    internal override void Declare(ModelConfigSpace config)
    {
        config.Declare(Start, 4, 0x0003 | (1u << 16));
        config.Declare(Start + 4, 4, (uint)serialNumber);
        config.Declare(Start + 8, 4, (uint)(serialNumber >> 32));
    }
}
