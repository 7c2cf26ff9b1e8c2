namespace Vfio.Emulation;

/// <summary>
/// Represents memory inside a BAR. The driver and the device model share it: each sees what the other writes, without a
/// call. If it consists of whole pages, the driver can map it.
/// </summary>
/// <remarks>
/// The device model owns it. Any thread may use it at any time, without the model's lock. The driver may change any
/// byte at any time: read a value once into a local variable, check it, then use it. A reset does not change the
/// memory; a device model that wants to clear it calls <see cref="Clear"/> in <see cref="DeviceModel.OnReset"/>.
/// </remarks>
public sealed class ModelMemory
{
    internal ModelMemory(string name, ulong offset, ulong length)
    {
        Offset = offset;
        Shared = SharedMemory.Create(name, length);
        ulong page = (ulong)Environment.SystemPageSize;
        Area = offset % page == 0 && length % page == 0 ? new MappableArea(offset, length) : null;
    }

    /// <summary>Gets the offset in bytes from the start of the BAR.</summary>
    public ulong Offset { get; }

    /// <summary>Gets the length in bytes; 0 after the device model was disposed.</summary>
    public ulong Length => Shared.Length;

    internal SharedMemory Shared { get; }

    /// <summary>
    /// Gets the area that a client may map; <see langword="null"/> if the memory does not consist of whole pages.
    /// </summary>
    internal MappableArea? Area { get; }

    /// <summary>Reads 1 byte.</summary>
    /// <param name="offset">The offset in bytes from the start of this memory; a multiple of the width.</param>
    /// <returns>The value, which is little-endian in memory.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The access is outside this memory.</exception>
    /// <exception cref="ArgumentException">The offset is not aligned.</exception>
    /// <exception cref="ObjectDisposedException">The device model was disposed.</exception>
    public byte ReadByte(ulong offset) => Shared.Read<byte>(offset);

    /// <summary>Reads 2 bytes.</summary>
    /// <inheritdoc cref="ReadByte"/>
    public ushort ReadUInt16(ulong offset) => Shared.Read<ushort>(offset);

    /// <summary>Reads 4 bytes.</summary>
    /// <inheritdoc cref="ReadByte"/>
    public uint ReadUInt32(ulong offset) => Shared.Read<uint>(offset);

    /// <summary>Reads 8 bytes.</summary>
    /// <inheritdoc cref="ReadByte"/>
    public ulong ReadUInt64(ulong offset) => Shared.Read<ulong>(offset);

    /// <summary>Writes 1 byte.</summary>
    /// <param name="offset">The offset in bytes from the start of this memory; a multiple of the width.</param>
    /// <param name="value">The value, which is little-endian in memory.</param>
    /// <exception cref="ArgumentOutOfRangeException">The access is outside this memory.</exception>
    /// <exception cref="ArgumentException">The offset is not aligned.</exception>
    /// <exception cref="ObjectDisposedException">The device model was disposed.</exception>
    public void WriteByte(ulong offset, byte value) => Shared.Write(offset, value);

    /// <summary>Writes 2 bytes.</summary>
    /// <inheritdoc cref="WriteByte"/>
    public void WriteUInt16(ulong offset, ushort value) => Shared.Write(offset, value);

    /// <summary>Writes 4 bytes.</summary>
    /// <inheritdoc cref="WriteByte"/>
    public void WriteUInt32(ulong offset, uint value) => Shared.Write(offset, value);

    /// <summary>Writes 8 bytes.</summary>
    /// <inheritdoc cref="WriteByte"/>
    public void WriteUInt64(ulong offset, ulong value) => Shared.Write(offset, value);

    /// <summary>Copies bytes from this memory.</summary>
    /// <param name="offset">The offset in bytes from the start of this memory.</param>
    /// <param name="destination">Receives the bytes; it is filled completely.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is outside this memory.</exception>
    /// <exception cref="ObjectDisposedException">The device model was disposed.</exception>
    public void CopyTo(ulong offset, Span<byte> destination) => Shared.CopyTo(offset, destination);

    /// <summary>Copies bytes into this memory.</summary>
    /// <param name="offset">The offset in bytes from the start of this memory.</param>
    /// <param name="source">The bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is outside this memory.</exception>
    /// <exception cref="ObjectDisposedException">The device model was disposed.</exception>
    public void CopyFrom(ulong offset, ReadOnlySpan<byte> source) => Shared.CopyFrom(offset, source);

    /// <summary>Fills the whole memory with zeroes.</summary>
    /// <exception cref="ObjectDisposedException">The device model was disposed.</exception>
    public void Clear() => Shared.Fill(0, Length, 0);

    internal ulong Read(ulong offset, int width) => width switch
    {
        1 => Shared.Read<byte>(offset),
        2 => Shared.Read<ushort>(offset),
        4 => Shared.Read<uint>(offset),
        _ => Shared.Read<ulong>(offset),
    };

    internal void Write(ulong offset, int width, ulong value)
    {
        switch (width)
        {
            case 1: Shared.Write(offset, (byte)value); break;
            case 2: Shared.Write(offset, (ushort)value); break;
            case 4: Shared.Write(offset, (uint)value); break;
            default: Shared.Write(offset, value); break;
        }
    }
}
