namespace Vfio;

/// <summary>
/// Represents a copy, accessible to devices, of memory that they cannot access. When it ends, what the device wrote is
/// copied back.
/// </summary>
/// <remarks>
/// The copy starts with the content of the memory. If the device writes less than it may, the rest stays unchanged, and
/// no earlier content of the copy's memory is visible.
/// </remarks>
public readonly ref struct DmaBounce : IDisposable
{
    private readonly Span<byte> _data;
    private readonly DmaAccess _access;
    private readonly DmaBlock _block;
    private readonly DmaBuffer? _buffer;

    internal DmaBounce(Span<byte> data, DmaAccess access, DmaBlock block)
        : this(data, access)
    {
        _block = block;
        data.CopyTo(block.Span);
    }

    internal DmaBounce(Span<byte> data, DmaAccess access, DmaBuffer buffer)
        : this(data, access)
    {
        _buffer = buffer;
        data.CopyTo(buffer.Slice(0, data.Length));
    }

    private DmaBounce(Span<byte> data, DmaAccess access)
    {
        _data = data;
        _access = access;
    }

    /// <summary>Gets the IOVA of the copy.</summary>
    public Iova Iova => _buffer?.Iova ?? _block.Iova;

    /// <summary>
    /// Copies back what the device wrote, if it may write, and frees the copy. The transfer must have ended.
    /// </summary>
    /// <exception cref="ObjectDisposedException">
    /// The pool or its address space ended first, and what the device wrote is lost.
    /// </exception>
    /// <exception cref="InvalidOperationException">The copy was already freed.</exception>
    /// <exception cref="VfioException">
    /// The kernel refused to unmap a copy with its own buffer; the data was copied back.
    /// </exception>
    public void Return()
    {
        if ((_access & DmaAccess.Write) != 0)
        {
            Span<byte> copy = _buffer is null ? _block.Span : _buffer.Slice(0, _data.Length);
            copy[.._data.Length].CopyTo(_data);
        }

        if (_buffer is null)
        {
            _block.Return();
        }
        else
        {
            _buffer.Unmap();
        }
    }

    /// <summary>
    /// Copies back what the device wrote, if it may write, and frees the copy, as <see cref="Return"/> does. Never
    /// throws, and can be called more than once.
    /// </summary>
    public void Dispose()
    {
        try
        {
            Return();
        }
        catch (Exception e) when (e is VfioException or InvalidOperationException)
        {
            _buffer?.Dispose();
        }
    }
}
