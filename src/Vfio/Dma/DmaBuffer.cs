using System.Numerics;

namespace Vfio;

/// <summary>
/// Represents memory that devices can access: page-aligned, initially zero, outside the managed heap, and pinned by the
/// kernel.
/// </summary>
/// <remarks>
/// <para>The caller owns the buffer; disposal unmaps it from the devices and then frees it. When the address space
/// ends, it does the same and reports the buffer as a leak. Thread-safe. After disposal each access throws
/// <see cref="ObjectDisposedException"/>; one that races with the disposal reads zeroes and writes nothing. A span that
/// was taken earlier must not be used after disposal.</para>
/// <para>The device may read and write the memory at any time while bus mastering is enabled. <see cref="Read"/> and
/// <see cref="Write"/> are single loads and stores: reads acquire, writes release. What a program writes before it
/// writes a doorbell through a <see cref="Region"/> is visible to the device by then, and what the device wrote before
/// the completion that <see cref="Read"/> returned is visible too. <c>docs/concepts.md</c> has the rules.</para>
/// </remarks>
public sealed unsafe class DmaBuffer : IDisposable
{
    private readonly BufferMemory _memory;

    internal DmaBuffer(DmaMapping mapping, BufferMemory memory)
    {
        Mapping = mapping;
        _memory = memory;
    }

    /// <summary>Gets the IOVA of the first byte.</summary>
    public Iova Iova => Mapping.Iova;

    /// <summary>Gets the length in bytes: the requested length, rounded up to whole pages.</summary>
    public ulong Length => Mapping.Length;

    /// <summary>Gets what the device may do with it.</summary>
    public DmaAccess Access => Mapping.Access;

    /// <summary>Gets its mapping in the address space.</summary>
    public DmaMapping Mapping { get; }

    /// <summary>Gets the address in this process, for calls that take a pointer. Valid until disposal.</summary>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(!Mapping.IsUsable, this);
            return _memory.Address;
        }
    }

    /// <summary>
    /// Gets all of it, up to 2 GiB, as a span:
    /// <list type="bullet">
    /// <item>It is not used after the buffer was unmapped or disposed: no exception comes then, but zeroes, or memory
    /// of another owner.</item>
    /// <item>What the device may write can change at any time: copy it, then check the copy and use nothing
    /// else.</item>
    /// <item>Fill in what the device is to read before the device is told of it; a <see cref="Region"/> write of a
    /// doorbell comes after it.</item>
    /// <item>To see what the device signals in memory (a completion, a flag), use <see cref="Read"/>: the span may read
    /// parts, twice, or too early.</item>
    /// </list>
    /// </summary>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    /// <exception cref="OverflowException">
    /// The buffer is longer than a span can be; use <see cref="Slice"/>.
    /// </exception>
    public Span<byte> Span => Slice(0, checked((int)Length));

    /// <summary>Gets a part of the buffer as a span, which must not be used after disposal.</summary>
    /// <param name="offset">The offset in bytes.</param>
    /// <param name="length">The length in bytes.</param>
    /// <returns>The memory itself, not a copy.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not within the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    public Span<byte> Slice(ulong offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new Span<byte>(PlaceOf(offset, (ulong)length), length);
    }

    /// <summary>Reads a number that the device may be writing: one load, acquire.</summary>
    /// <typeparam name="T">An integer of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="offset">The offset in bytes; a multiple of the integer's size.</param>
    /// <returns>The number, little-endian.</returns>
    /// <exception cref="ArgumentException">The offset is not aligned.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is not within the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    public T Read<T>(ulong offset)
        where T : unmanaged, IBinaryInteger<T>
    {
        T value = Mmio.Read<T>(AlignedPlaceOf(offset, sizeof(T)));
        GC.KeepAlive(_memory);
        return value;
    }

    /// <summary>Writes a number that the device may be reading: one store, release.</summary>
    /// <typeparam name="T">An integer of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="offset">The offset in bytes; a multiple of the integer's size.</param>
    /// <param name="value">The number, which is stored little-endian.</param>
    /// <inheritdoc cref="Read"/>
    public void Write<T>(ulong offset, T value)
        where T : unmanaged, IBinaryInteger<T>
    {
        Mmio.Write(AlignedPlaceOf(offset, sizeof(T)), value);
        GC.KeepAlive(_memory);
    }

    /// <summary>
    /// Unmaps the memory from the devices, then frees it. A device that still uses it faults. A second call does
    /// nothing.
    /// </summary>
    /// <exception cref="VfioException">
    /// The kernel refused. The buffer stays as it was, and the call can be repeated.
    /// </exception>
    public void Unmap() => Mapping.Unmap();

    /// <summary>
    /// Unmaps the memory from the devices, then frees it. Never throws, and can be called more than once. If the kernel
    /// refuses, the memory is neither freed nor reused until <see cref="Unmap"/> succeeds or the address space ends,
    /// which reports it as a leak.
    /// </summary>
    public void Dispose() => Mapping.Dispose();

    private byte* AlignedPlaceOf(ulong offset, int width)
    {
        byte* place = PlaceOf(offset, (ulong)width);
        return (offset & (uint)(width - 1)) == 0
            ? place
            : throw new ArgumentException(
                $"0x{offset:x} is not aligned to the access width of {width} bytes", nameof(offset));
    }

    private byte* PlaceOf(ulong offset, ulong length)
    {
        ObjectDisposedException.ThrowIf(!Mapping.IsUsable, this);
        return length <= Length && offset <= Length - length
            ? _memory.Start + offset
            : throw new ArgumentOutOfRangeException(
                nameof(offset), $"0x{length:x} bytes at 0x{offset:x} are outside a buffer of 0x{Length:x} bytes");
    }
}
