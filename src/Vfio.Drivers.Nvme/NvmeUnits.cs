using System.Numerics;

namespace Vfio.Drivers.Nvme;

/// <summary>How registers write sizes: as powers of 2, relative to a smallest one.</summary>
internal static class NvmeUnits
{
    public static ulong Exponent(ulong size, int smallest) => BitOperations.IsPow2(size) && size >= 1UL << smallest
        ? (ulong)(BitOperations.Log2(size) - smallest)
        : throw new ArgumentOutOfRangeException(nameof(size), size, $"not a power of 2 from {1UL << smallest} up");
}
