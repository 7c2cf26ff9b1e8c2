namespace Vfio;

/// <summary>What a region of a device's own is (<c>struct vfio_region_info_cap_type</c>).</summary>
public readonly record struct RegionType
{
    /// <summary>Creates a value.</summary>
    /// <param name="value">The kernel's number for the type, <c>VFIO_REGION_TYPE_*</c>; bit 31 marks a PCI vendor's,
    /// whose id is in the low half.</param>
    /// <param name="subtype">The number of the kind within the type; a vendor's own where the type is.</param>
    public RegionType(uint value, uint subtype)
    {
        Value = value;
        Subtype = subtype;
    }

    /// <summary>
    /// The kernel's number for the type, <c>VFIO_REGION_TYPE_*</c>; bit 31 marks a PCI vendor's, whose id is in the low
    /// half.
    /// </summary>
    public uint Value { get; init; }

    /// <summary>The number of the kind within the type; a vendor's own where the type is.</summary>
    public uint Subtype { get; init; }

    private const uint VendorMark = 1u << 31;

    /// <summary>The PCI vendor who defines the subtypes; <see langword="null"/> if the kernel does.</summary>
    public ushort? VendorId => (Value & VendorMark) != 0 ? (ushort)Value : null;

    /// <summary>The type for people: <c>vendor 8086 type 1</c>.</summary>
    /// <returns>Type and subtype.</returns>
    public override string ToString() => VendorId is ushort vendor
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"vendor {vendor:x4} type {Subtype}")
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"type {Value}.{Subtype}");
}
