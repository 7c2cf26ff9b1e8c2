namespace Vfio;

// Pages, for the lists of addresses that devices read.
public abstract partial class DmaMemory
{
    /// <summary>
    /// Gets the pages that a range touches, for PRP and scatter-gather lists: the first entry starts where the range
    /// does, every other at the start of a page.
    /// </summary>
    /// <param name="offset">The offset of the range in bytes.</param>
    /// <param name="length">The length of the range in bytes; with 0, there are no pages.</param>
    /// <param name="pageSize">
    /// The page size of the device in bytes, a power of two; by default, that of the address space
    /// (<see cref="IoAddressSpace.PageSize"/>).
    /// </param>
    /// <returns>The pages in order, which can be enumerated without an allocation.</returns>
    /// <exception cref="ArgumentException">The page size is not a power of two.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the memory.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    public DmaPages GetPages(nuint offset, nuint length, ulong? pageSize = null)
    {
        ulong page = pageSize ?? Mapping.Space.PageSize;
        if (!ulong.IsPow2(page))
        {
            throw new ArgumentException($"a page size is a power of two, and {page} is not", nameof(pageSize));
        }

        return new DmaPages(Iova.Value + StartOf(offset, length, alignment: 1), length, page);
    }

    /// <inheritdoc cref="GetPages(nuint, nuint, ulong?)"/>
    public DmaPages GetPages(nuint offset, int length, ulong? pageSize = null) =>
        GetPages(offset, (nuint)length, pageSize);

    /// <inheritdoc cref="GetPages(nuint, nuint, ulong?)"/>
    public DmaPages GetPages(int offset, int length, ulong? pageSize = null) =>
        GetPages((nuint)offset, (nuint)length, pageSize);
}
