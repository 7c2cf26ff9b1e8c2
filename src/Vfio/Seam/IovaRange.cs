using System.Globalization;

namespace Vfio;

/// <summary>Addresses from one to another, both included: so that the last address of all can be one of them.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last; not before <paramref name="First"/>.</param>
public readonly record struct IovaRange(Iova First, Iova Last)
{
    /// <summary>First and last: <c>0x0 to 0xfedfffff</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First} to {Last}");

    internal bool Contains(ulong first, ulong last) => first >= First.Value && last <= Last.Value && first <= last;
}
