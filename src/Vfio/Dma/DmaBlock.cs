namespace Vfio;

/// <summary>
/// Represents a rented block of a <see cref="DmaPool"/>. Copies of this value represent the same block.
/// </summary>
public readonly record struct DmaBlock : IDisposable
{
    private readonly DmaPool? _pool;

    private readonly int _turn;

    internal DmaBlock(DmaPool pool, int index, int turn)
    {
        _pool = pool;
        _turn = turn;
        Index = index;
    }

    /// <summary>Gets the block's index in the pool, from 0, which a driver can use for its own table.</summary>
    public int Index { get; }

    /// <summary>Gets the IOVA of its first byte.</summary>
    /// <exception cref="InvalidOperationException">The block was returned, or this is the default value.</exception>
    public Iova Iova => Pool.IovaOf(Index, _turn);

    /// <summary>Gets its memory, which must not be used after the block was returned.</summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    /// <exception cref="InvalidOperationException">The block was returned, or this is the default value.</exception>
    public Span<byte> Span => Pool.SpanOf(Index, _turn);

    private DmaPool Pool => _pool ?? throw new InvalidOperationException("this is not a block of a pool");

    /// <summary>Returns the block to its pool.</summary>
    /// <exception cref="InvalidOperationException">
    /// The block was already returned, even if another caller has rented it since.
    /// </exception>
    public void Return()
    {
        if (!Pool.TryReturn(Index, _turn))
        {
            throw DmaPool.AlreadyReturned();
        }
    }

    /// <summary>
    /// Returns the block to its pool. Does nothing if it was already returned, even if another caller has rented it
    /// since.
    /// </summary>
    public void Dispose() => _pool?.TryReturn(Index, _turn);
}
