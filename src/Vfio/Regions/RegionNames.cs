using Vfio.Pci;

namespace Vfio;

/// <summary>Provides the names of regions in messages.</summary>
internal static class RegionNames
{
    public static string Describe(this RegionIndex index) => index switch
    {
        >= RegionIndex.Bar0 and <= RegionIndex.Bar5 => $"BAR{(int)index}",
        RegionIndex.Rom => "ROM",
        RegionIndex.Config => "configuration space",
        RegionIndex.Vga => "VGA region",
        _ => $"region {(int)index}",
    };
}
