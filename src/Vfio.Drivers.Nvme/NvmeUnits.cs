using System.Numerics;

namespace Vfio.Drivers.Nvme;

/// <summary>Converts sizes that registers encode as powers of 2, relative to a smallest size.</summary>
internal static class NvmeUnits
{
    public static ulong Exponent(ulong size, int smallest, int step = 1)
    {
        int exponent = BitOperations.Log2(size) - smallest;
        return BitOperations.IsPow2(size) && exponent >= 0 && exponent % step == 0
            ? (ulong)exponent
            : throw new ArgumentOutOfRangeException(
                nameof(size), size, $"not {1UL << smallest} times a power of {1 << step}");
    }
}
