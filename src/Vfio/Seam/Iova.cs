using System.Globalization;

namespace Vfio;

/// <summary>
/// An address as the device sees it, behind the IOMMU: what a driver writes into descriptors and doorbells.
/// </summary>
public readonly record struct Iova : IComparable<Iova>
{
    /// <summary>Creates a value.</summary>
    /// <param name="value">The address, in bytes.</param>
    public Iova(ulong value) => Value = value;

    /// <summary>The address, in bytes.</summary>
    public ulong Value { get; init; }

    /// <summary>An address further on.</summary>
    /// <param name="start">From here.</param>
    /// <param name="offset">Bytes; the sum must fit 64 bits.</param>
    /// <exception cref="OverflowException">It does not.</exception>
    public static Iova operator +(Iova start, ulong offset) => new(checked(start.Value + offset));

    /// <summary>Whether one address lies before another.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(Iova left, Iova right) => left.Value < right.Value;

    /// <summary>Whether one address lies behind another.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(Iova left, Iova right) => left.Value > right.Value;

    /// <summary>Whether one address lies before another, or is the same.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(Iova left, Iova right) => left.Value <= right.Value;

    /// <summary>Whether one address lies behind another, or is the same.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(Iova left, Iova right) => left.Value >= right.Value;

    /// <summary>See <see cref="op_Addition"/>.</summary>
    /// <param name="left">From here.</param>
    /// <param name="right">Bytes.</param>
    /// <returns>The sum.</returns>
    public static Iova Add(Iova left, ulong right) => left + right;

    /// <inheritdoc/>
    public int CompareTo(Iova other) => Value.CompareTo(other.Value);

    /// <summary>The address in hexadecimal: <c>0x10000</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Value:x}");
}
