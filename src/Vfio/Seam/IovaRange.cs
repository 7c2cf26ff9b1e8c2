using System.Globalization;

namespace Vfio;

/// <summary>
/// Represents a range of addresses. Both ends are included, so that a range can end at the last address.
/// </summary>
public readonly record struct IovaRange
{
    /// <summary>Creates a value.</summary>
    /// <param name="first">The first address.</param>
    /// <param name="last">The last address; not less than <paramref name="first"/>.</param>
    public IovaRange(Iova first, Iova last)
    {
        First = first;
        Last = last;
    }

    /// <summary>Gets the first address.</summary>
    public Iova First { get; init; }

    /// <summary>Gets the last address; not less than <see cref="First"/>.</summary>
    public Iova Last { get; init; }

    /// <summary>Returns both addresses: <c>0x0 to 0xfedfffff</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First} to {Last}");

    internal bool Contains(ulong first, ulong last) => first >= First.Value && last <= Last.Value && first <= last;
}
