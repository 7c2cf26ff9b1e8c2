using System.Runtime.CompilerServices;

namespace Vfio.Pci;

/// <summary>
/// Reads and changes bits of a register's value. The properties of an <see cref="IRegisterValue{TSelf}"/> use it.
/// </summary>
public static class RegisterBits
{
    /// <summary>Gets whether a bit is 1.</summary>
    /// <param name="raw">The register's value.</param>
    /// <param name="bit">The bit's number, 0 to 63.</param>
    /// <returns>Whether it is 1.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSet(ulong raw, int bit) => (raw & (1UL << bit)) != 0;

    /// <summary>Gets the number in consecutive bits.</summary>
    /// <param name="raw">The register's value.</param>
    /// <param name="lowBit">The lowest bit's number, 0 to 63.</param>
    /// <param name="bitCount">How many bits, 1 to 64.</param>
    /// <returns>The bits, shifted down.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong GetBits(ulong raw, int lowBit, int bitCount) => (raw >> lowBit) & Ones(bitCount);

    /// <summary>Gets the register's value with one bit changed.</summary>
    /// <param name="raw">The register's previous value.</param>
    /// <param name="bit">The bit's number, 0 to 63.</param>
    /// <param name="value">Whether it becomes 1.</param>
    /// <returns>The register's new value.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SetBits(ulong raw, int bit, bool value) => value ? raw | (1UL << bit) : raw & ~(1UL << bit);

    /// <summary>Gets the register's value with the number in consecutive bits changed.</summary>
    /// <param name="raw">The register's previous value.</param>
    /// <param name="lowBit">The lowest bit's number, 0 to 63.</param>
    /// <param name="bitCount">How many bits, 1 to 64.</param>
    /// <param name="number">The new number.</param>
    /// <returns>The register's new value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number does not fit into the bits.</exception>
    public static ulong SetBits(ulong raw, int lowBit, int bitCount, ulong number)
    {
        ulong ones = Ones(bitCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, ones);
        return (raw & ~(ones << lowBit)) | (number << lowBit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Ones(int bitCount) => bitCount >= 64 ? ulong.MaxValue : (1UL << bitCount) - 1;
}
