using System.Runtime.CompilerServices;

namespace Vfio;

/// <summary>
/// Represents a rented block of a <see cref="DmaPool"/>. Copies of this value represent the same block.
/// </summary>
/// <remarks>
/// After its return, or the end of the pool, each member throws, even if the block was rented again since; only
/// <see cref="Index"/>, <see cref="ToString"/> and <see cref="Dispose"/> do not. A span that was taken earlier cannot
/// be checked, and must not be used then. An access that races with the end of the pool reads zeroes and writes
/// nothing.
/// </remarks>
public readonly unsafe record struct DmaBlock : IDisposable
{
    private readonly DmaPool? _pool;

    private readonly int _turn;

    private readonly int _index;

    internal DmaBlock(DmaPool pool, int index, int turn) => (_pool, _index, _turn) = (pool, index, turn);

    /// <summary>Gets the block's index in the pool, from 0, which a driver can use for its own table.</summary>
    public int Index => _index;

    /// <summary>Gets the IOVA of its first byte.</summary>
    /// <exception cref="InvalidOperationException">The block was returned, or this is the default value.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public Iova Iova
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Pool.FirstIova + Offset);
    }

    /// <summary>Gets where it starts in <see cref="DmaPool.Buffer"/>, in bytes.</summary>
    /// <inheritdoc cref="Iova"/>
    public nuint Offset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Pool.OffsetOf(Index, _turn);
    }

    /// <summary>
    /// Gets its memory, of <see cref="DmaPool.BlockLength"/> bytes, which must not be used after the block was
    /// returned.
    /// </summary>
    /// <inheritdoc cref="Iova"/>
    public Span<byte> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Pool.Start + Offset, Pool.BlockLength);
    }

    internal DmaPool? Owner => _pool;

    /// <summary>
    /// Puts a block where another of the same pool probably was: without the garbage collector's record of a reference,
    /// which costs more than the rest.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Put(ref DmaBlock place, DmaPool pool, int index, int turn)
    {
        if (place._pool == pool)
        {
            Unsafe.AsRef(in place._index) = index;
            Unsafe.AsRef(in place._turn) = turn;
        }
        else
        {
            place = new DmaBlock(pool, index, turn);
        }
    }

    internal int Turn => _turn;

    private DmaPool Pool
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (_pool is null)
            {
                throw NoBlock();
            }

            return _pool;
        }
    }

    /// <summary>Reads a number that the device may be writing: one load, acquire.</summary>
    /// <typeparam name="T">
    /// An integer, an enum, or a struct over one integer, of 1, 2, 4 or 8 bytes.
    /// </typeparam>
    /// <param name="offset">The offset in the block in bytes; a multiple of the number's size.</param>
    /// <returns>The number, little-endian.</returns>
    /// <exception cref="ArgumentException">The offset is not aligned.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is not within the block.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> has another size.</exception>
    /// <inheritdoc cref="Iova"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Read<T>(nuint offset)
        where T : unmanaged
    {
        DmaPool pool = Pool;
        pool.CheckAccess<T>(offset);
        T value = Mmio.Read<T>(pool.Start + pool.OffsetOf(Index, _turn) + offset);
        GC.KeepAlive(pool);
        return value;
    }

    /// <inheritdoc cref="Read{T}(nuint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Read<T>(int offset)
        where T : unmanaged => Read<T>((nuint)offset);

    /// <summary>Writes a number that the device may be reading: one store, release.</summary>
    /// <typeparam name="T">
    /// An integer, an enum, or a struct over one integer, of 1, 2, 4 or 8 bytes.
    /// </typeparam>
    /// <param name="offset">The offset in the block in bytes; a multiple of the number's size.</param>
    /// <param name="value">The number, which is stored little-endian.</param>
    /// <inheritdoc cref="Read{T}(nuint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<T>(nuint offset, T value)
        where T : unmanaged
    {
        DmaPool pool = Pool;
        pool.CheckAccess<T>(offset);
        Mmio.Write(pool.Start + pool.OffsetOf(Index, _turn) + offset, value);
        GC.KeepAlive(pool);
    }

    /// <inheritdoc cref="Write{T}(nuint, T)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<T>(int offset, T value)
        where T : unmanaged => Write((nuint)offset, value);

    /// <summary>Gets the pages that a range of the block touches, for PRP and scatter-gather lists.</summary>
    /// <param name="offset">The offset of the range in the block in bytes.</param>
    /// <param name="length">The length of the range in bytes; with 0, there are no pages.</param>
    /// <param name="pageSize">
    /// The page size of the device in bytes, a power of two; by default, that of the address space
    /// (<see cref="IoAddressSpace.PageSize"/>).
    /// </param>
    /// <returns>The pages in order, which can be enumerated without an allocation.</returns>
    /// <exception cref="ArgumentException">The page size is not a power of two.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the block.</exception>
    /// <inheritdoc cref="Iova"/>
    public DmaPages GetPages(int offset, int length, ulong? pageSize = null)
    {
        DmaPool pool = Pool;
        nuint start = pool.OffsetOf(_index, _turn);
        if (offset < 0 || length < 0 || length > pool.BlockLength - offset)
        {
            throw AccessErrors.OfRange((nuint)offset, (nuint)length, (nuint)pool.BlockLength, "a block");
        }

        return pool.Buffer.GetPages(start + (nuint)offset, length, pageSize);
    }

    /// <summary>Returns the block to its pool.</summary>
    /// <exception cref="InvalidOperationException">
    /// The block was already returned, even if another caller has rented it since; or this is the default value.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed, and the block ended with it.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Return()
    {
        DmaPool pool = Pool;
        if (!pool.TryReturn(Index, _turn))
        {
            throw pool.NotRented();
        }
    }

    /// <summary>
    /// Returns the block to its pool. Does nothing if it was already returned, even if another caller has rented it
    /// since.
    /// </summary>
    public void Dispose() => _pool?.TryReturn(Index, _turn);

    /// <summary>Formats the block's index. Never throws.</summary>
    /// <returns>A text like <c>block 3</c>.</returns>
    public override string ToString() => $"block {Index}";

    private static InvalidOperationException NoBlock() => new("this is not a block of a pool");
}
