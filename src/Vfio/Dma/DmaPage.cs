namespace Vfio;

/// <summary>Represents a piece of memory that lies within one page.</summary>
public readonly record struct DmaPage
{
    /// <summary>Creates a value.</summary>
    /// <param name="iova">The IOVA of its first byte.</param>
    /// <param name="length">Its length in bytes.</param>
    public DmaPage(Iova iova, ulong length) => (Iova, Length) = (iova, length);

    /// <summary>Gets the IOVA of its first byte.</summary>
    public Iova Iova { get; init; }

    /// <summary>Gets its length in bytes; at most the page size.</summary>
    public ulong Length { get; init; }
}
