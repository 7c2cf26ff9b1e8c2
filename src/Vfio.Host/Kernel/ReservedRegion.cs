namespace Vfio.Host;

/// <summary>
/// A range of addresses that is reserved in the address space of an IOMMU group (<c>reserved_regions</c>).
/// </summary>
/// <param name="First">The first address.</param>
/// <param name="Last">The last address.</param>
/// <param name="Kind">
/// The kernel's name for its kind: <c>msi</c>, <c>direct</c>, <c>direct-relaxable</c>, <c>reserved</c>.
/// </param>
internal readonly record struct ReservedRegion(ulong First, ulong Last, string Kind)
{
    private const int MostRegions = 256;

    /// <summary>
    /// Gets whether the firmware uses the device through this range (an RMRR of VT-d, a unity map of AMD-Vi), so that
    /// the kernel allows the device no other address space.
    /// </summary>
    public bool IsForFirmware => Kind == "direct";

    /// <summary>Reads the regions of a device's group. A malformed line is skipped.</summary>
    public static IReadOnlyList<ReservedRegion> Of(PciDeviceInfo device)
    {
        List<ReservedRegion> regions = [];
        // "0x00000000fee00000 0x00000000feefffff msi"
        foreach (string line in SysfsFile.ReadLines(device.Attribute("iommu_group/reserved_regions")).Take(MostRegions))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 3
                && HexText.TryParse(words[0], out ulong first)
                && HexText.TryParse(words[1], out ulong last))
            {
                regions.Add(new ReservedRegion(first, last, words[2]));
            }
        }

        return regions;
    }
}
