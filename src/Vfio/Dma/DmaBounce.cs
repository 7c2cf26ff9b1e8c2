namespace Vfio;

/// <summary>A copy, which devices can reach, of memory that they cannot. What the device wrote is copied back at disposal.</summary>
/// <remarks>
/// The copy always begins as the memory is: a device that writes less than it might leaves the rest as it was, and nobody sees what was in the copy's place
/// before. For one disposal.
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

    /// <summary>The device's address of the copy.</summary>
    public Iova Iova => _buffer?.Iova ?? _block.Iova;

    /// <summary>Copies back what the device wrote, where it may write, and lets go of the copy. The transfer must have ended.</summary>
    public void Dispose()
    {
        if ((_access & DmaAccess.Write) != 0)
        {
            Span<byte> copy = _buffer is null ? _block.Span : _buffer.Slice(0, _data.Length);
            copy[.._data.Length].CopyTo(_data);
        }

        if (_buffer is null)
        {
            _block.Dispose();
        }
        else
        {
            _buffer.Dispose();
        }
    }
}
