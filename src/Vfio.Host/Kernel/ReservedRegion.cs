namespace Vfio.Host;

/// <summary>A range of a group's addresses that is not free (<c>reserved_regions</c>).</summary>
/// <param name="First">The first address.</param>
/// <param name="Last">The last one.</param>
/// <param name="Kind">As the kernel names it: <c>msi</c>, <c>direct</c>, <c>direct-relaxable</c>, <c>reserved</c>.</param>
internal readonly record struct ReservedRegion(ulong First, ulong Last, string Kind)
{
    private const int MostRegions = 256;

    /// <summary>Whether the firmware uses the device by it (VT-d's RMRR, AMD-Vi's unity maps), so that the kernel gives the device no other address space.</summary>
    public bool IsFirmwares => Kind == "direct";

    /// <summary>Reads those of a device's group; a line that is none is left out.</summary>
    public static IReadOnlyList<ReservedRegion> Of(PciDeviceInfo device)
    {
        List<ReservedRegion> regions = [];
        // "0x00000000fee00000 0x00000000feefffff msi"
        foreach (string line in SysfsFile.ReadLines(device.Attribute("iommu_group/reserved_regions")).Take(MostRegions))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 3 && HexText.TryParse(words[0], out ulong first) && HexText.TryParse(words[1], out ulong last))
            {
                regions.Add(new ReservedRegion(first, last, words[2]));
            }
        }

        return regions;
    }
}
