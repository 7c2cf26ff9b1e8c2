using System.Globalization;

namespace Vfio;

/// <summary>Addresses from one to another, both included: so that the last address of all can be one of them.</summary>
public readonly record struct IovaRange
{
    /// <summary>Creates a value.</summary>
    /// <param name="first">The first.</param>
    /// <param name="last">The last; not before <paramref name="first"/>.</param>
    public IovaRange(Iova first, Iova last)
    {
        First = first;
        Last = last;
    }

    /// <summary>The first.</summary>
    public Iova First { get; init; }

    /// <summary>The last; not before <see cref="First"/>.</summary>
    public Iova Last { get; init; }

    /// <summary>First and last: <c>0x0 to 0xfedfffff</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First} to {Last}");

    internal bool Contains(ulong first, ulong last) => first >= First.Value && last <= Last.Value && first <= last;
}
