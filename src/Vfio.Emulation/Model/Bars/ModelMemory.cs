namespace Vfio.Emulation;

/// <summary>
/// Memory inside a BAR: what a driver writes there, the model finds here, and the other way round, without a call. Where it is
/// whole pages, the driver maps it.
/// </summary>
/// <remarks>
/// The model owns it. Any thread may use it at any time, without the model's lock. The driver may change any byte at any time: read
/// once into a local, check, then use. A reset leaves it as it is; a model that clears its memory calls <see cref="Clear"/> in
/// <see cref="DeviceModel.OnReset"/>.
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

    /// <summary>Where it starts: bytes from the BAR's start.</summary>
    public ulong Offset { get; }

    /// <summary>Bytes; 0 after the model's disposal.</summary>
    public ulong Length => Shared.Length;

    internal SharedMemory Shared { get; }

    /// <summary>What a client may map; nothing where it is not whole pages.</summary>
    internal MappableArea? Area { get; }

    /// <summary>Reads 1 byte.</summary>
    /// <param name="offset">Bytes from this memory's start; a multiple of the width.</param>
    /// <returns>The value; little-endian in memory.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Outside this memory.</exception>
    /// <exception cref="ArgumentException">Not aligned.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
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
    /// <param name="offset">Bytes from this memory's start; a multiple of the width.</param>
    /// <param name="value">The value; little-endian in memory.</param>
    /// <exception cref="ArgumentOutOfRangeException">Outside this memory.</exception>
    /// <exception cref="ArgumentException">Not aligned.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
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

    /// <summary>Copies out of this memory.</summary>
    /// <param name="offset">Bytes from this memory's start.</param>
    /// <param name="destination">Where to; all of it is filled.</param>
    /// <exception cref="ArgumentOutOfRangeException">Outside this memory.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void CopyTo(ulong offset, Span<byte> destination) => Shared.CopyTo(offset, destination);

    /// <summary>Copies into this memory.</summary>
    /// <param name="offset">Bytes from this memory's start.</param>
    /// <param name="source">The bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">Outside this memory.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void CopyFrom(ulong offset, ReadOnlySpan<byte> source) => Shared.CopyFrom(offset, source);

    /// <summary>Fills all of it with zeroes.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
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
