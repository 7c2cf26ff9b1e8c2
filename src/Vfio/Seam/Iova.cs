using System.Globalization;

namespace Vfio;

/// <summary>
/// Represents an I/O virtual address: an address as the device sees it, behind the IOMMU. A driver writes it to
/// descriptors and doorbells. It consists of 8 bytes, and can be a field of a ring's entry (<see cref="DmaRing{T}"/>).
/// </summary>
public readonly record struct Iova : IComparable<Iova>
{
    /// <summary>Creates a value.</summary>
    /// <param name="value">The address in bytes.</param>
    public Iova(ulong value) => Value = value;

    /// <summary>Gets the address in bytes.</summary>
    public ulong Value { get; init; }

    /// <summary>Adds an offset to an address.</summary>
    /// <param name="start">The address.</param>
    /// <param name="offset">The offset in bytes.</param>
    /// <exception cref="OverflowException">The sum does not fit into 64 bits.</exception>
    public static Iova operator +(Iova start, ulong offset) => new(checked(start.Value + offset));

    /// <summary>Adds an offset to an address.</summary>
    /// <param name="start">The address.</param>
    /// <param name="offset">The offset in bytes; not negative.</param>
    /// <exception cref="OverflowException">
    /// The offset is negative, or the sum does not fit into 64 bits.
    /// </exception>
    public static Iova operator +(Iova start, int offset) => start + checked((ulong)offset);

    /// <summary>Gets the distance from one address to another.</summary>
    /// <param name="end">The greater address.</param>
    /// <param name="start">The smaller address, or the same.</param>
    /// <exception cref="OverflowException">The first address is less than the second.</exception>
    public static ulong operator -(Iova end, Iova start) => checked(end.Value - start.Value);

    /// <summary>Gets whether one address is less than another.</summary>
    /// <param name="left">The first address.</param>
    /// <param name="right">The second address.</param>
    public static bool operator <(Iova left, Iova right) => left.Value < right.Value;

    /// <summary>Gets whether one address is greater than another.</summary>
    /// <param name="left">The first address.</param>
    /// <param name="right">The second address.</param>
    public static bool operator >(Iova left, Iova right) => left.Value > right.Value;

    /// <summary>Gets whether one address is less than or equal to another.</summary>
    /// <param name="left">The first address.</param>
    /// <param name="right">The second address.</param>
    public static bool operator <=(Iova left, Iova right) => left.Value <= right.Value;

    /// <summary>Gets whether one address is greater than or equal to another.</summary>
    /// <param name="left">The first address.</param>
    /// <param name="right">The second address.</param>
    public static bool operator >=(Iova left, Iova right) => left.Value >= right.Value;

    /// <summary>Gets the distance from one address to another, as the operator does.</summary>
    /// <param name="left">The greater address.</param>
    /// <param name="right">The smaller address, or the same.</param>
    /// <returns>The distance in bytes.</returns>
    public static ulong Subtract(Iova left, Iova right) => left - right;

    /// <summary>Adds an offset to an address, as the operator does.</summary>
    /// <param name="left">The address.</param>
    /// <param name="right">The offset in bytes.</param>
    /// <returns>The sum.</returns>
    public static Iova Add(Iova left, ulong right) => left + right;

    /// <summary>Adds an offset to an address, as the operator does.</summary>
    /// <param name="left">The address.</param>
    /// <param name="right">The offset in bytes; not negative.</param>
    /// <returns>The sum.</returns>
    public static Iova Add(Iova left, int right) => left + right;

    /// <inheritdoc/>
    public int CompareTo(Iova other) => Value.CompareTo(other.Value);

    /// <summary>Returns the address in hexadecimal: <c>0x10000</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Value:x}");
}
