namespace Vfio;

/// <summary>Represents a range of memory as the pages that it touches, for lists of addresses.</summary>
public readonly struct DmaPages : IEquatable<DmaPages>
{
    private readonly ulong _start;
    private readonly ulong _length;
    private readonly ulong _pageSize;

    internal DmaPages(ulong start, ulong length, ulong pageSize) =>
        (_start, _length, _pageSize) = (start, length, pageSize);

    /// <summary>Gets the length of the range in bytes.</summary>
    public ulong Length => _length;

    /// <summary>Gets the number of pages.</summary>
    /// <exception cref="OverflowException">There are more than 2^31 - 1.</exception>
    public int Count => _length == 0
        ? 0 : checked((int)((((_start & (_pageSize - 1)) + (_length - 1)) / _pageSize) + 1));

    /// <summary>Gets one page.</summary>
    /// <param name="index">The index, less than <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    public DmaPage this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            ulong page = (_start & ~(_pageSize - 1)) + ((ulong)index * _pageSize);
            ulong first = index == 0 ? _start : page;
            ulong last = Math.Min(page + (_pageSize - 1), _start + (_length - 1));
            return new DmaPage(new Iova(first), last - first + 1);
        }
    }

    /// <summary>Compares two lists.</summary>
    /// <param name="left">The first list.</param>
    /// <param name="right">The second list.</param>
    public static bool operator ==(DmaPages left, DmaPages right) => left.Equals(right);

    /// <summary>Compares two lists.</summary>
    /// <param name="left">The first list.</param>
    /// <param name="right">The second list.</param>
    public static bool operator !=(DmaPages left, DmaPages right) => !left.Equals(right);

    /// <summary>Enumerates the pages, for <c>foreach</c>. Allocates nothing.</summary>
    /// <returns>The enumerator.</returns>
    public Enumerator GetEnumerator() => new(this);

    /// <inheritdoc/>
    public bool Equals(DmaPages other) =>
        (_start, _length, _pageSize) == (other._start, other._length, other._pageSize);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DmaPages other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_start, _length, _pageSize);

    /// <summary>Enumerates pages.</summary>
    public struct Enumerator
    {
        private readonly DmaPages _pages;
        private readonly int _count;
        private int _next;

        internal Enumerator(DmaPages pages) => (_pages, _count) = (pages, pages.Count);

        /// <summary>Gets the page.</summary>
        public readonly DmaPage Current => _pages[_next - 1];

        /// <summary>Advances to the next page.</summary>
        /// <returns>Whether there is one.</returns>
        public bool MoveNext() => _next++ < _count;
    }
}
