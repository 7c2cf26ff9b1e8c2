namespace Vfio;

/// <summary>Identifies a region that only some devices have (<c>struct vfio_region_info_cap_type</c>).</summary>
public readonly record struct RegionType
{
    /// <summary>Creates a value.</summary>
    /// <param name="value">
    /// The kernel's number of the type, <c>VFIO_REGION_TYPE_*</c>. Bit 31 marks a type of a PCI vendor, whose ID is in
    /// the low half.
    /// </param>
    /// <param name="subtype">The number within the type, which the vendor defines for its own types.</param>
    public RegionType(uint value, uint subtype)
    {
        Value = value;
        Subtype = subtype;
    }

    /// <summary>
    /// Gets the kernel's number of the type, <c>VFIO_REGION_TYPE_*</c>. Bit 31 marks a type of a PCI vendor, whose ID
    /// is in the low half.
    /// </summary>
    public uint Value { get; init; }

    /// <summary>Gets the number within the type, which the vendor defines for its own types.</summary>
    public uint Subtype { get; init; }

    private const uint VendorMark = 1u << 31;

    /// <summary>Gets the PCI vendor that defines the subtypes; <see langword="null"/> if the kernel does.</summary>
    public ushort? VendorId => (Value & VendorMark) != 0 ? (ushort)Value : null;

    /// <summary>Returns the type for a message: <c>vendor 8086 type 1</c>.</summary>
    /// <returns>The type and subtype.</returns>
    public override string ToString() => VendorId is ushort vendor
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"vendor {vendor:x4} type {Subtype}")
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"type {Value}.{Subtype}");
}
