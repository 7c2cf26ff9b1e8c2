namespace Vfio;

/// <summary>A block of a <see cref="DmaPool"/>. Whoever rented it gives it back, once: copies of this value are the same block.</summary>
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

    /// <summary>Which block of the pool it is, from 0 on: an index for a driver's own table.</summary>
    public int Index { get; }

    /// <summary>The device's address of its first byte.</summary>
    /// <exception cref="InvalidOperationException">It was given back; or this is no block, but the type's default.</exception>
    public Iova Iova => Pool.IovaOf(Index, _turn);

    /// <summary>Its memory. Not to be used after it was given back.</summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    /// <exception cref="InvalidOperationException">It was given back; or this is no block, but the type's default.</exception>
    public Span<byte> Span => Pool.SpanOf(Index, _turn);

    private DmaPool Pool => _pool ?? throw new InvalidOperationException("this is no block of a pool");

    /// <summary>Gives the block back.</summary>
    /// <exception cref="InvalidOperationException">It was given back already, whoever has it now.</exception>
    public void Dispose() => _pool?.Return(Index, _turn);
}
