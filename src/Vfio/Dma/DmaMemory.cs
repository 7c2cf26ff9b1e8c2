using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// Represents memory that devices can access: a <see cref="DmaBuffer"/>, or a part of one
/// (<see cref="Part(nuint, nuint)"/>).
/// </summary>
/// <remarks>
/// <para>Thread-safe. After disposal of the buffer each access throws <see cref="ObjectDisposedException"/>; one that
/// races with the disposal reads zeroes and writes nothing. A span that was taken earlier must not be used after
/// disposal.</para>
/// <para>The device may read and write the memory at any time while bus mastering is enabled.
/// <see cref="Read{T}(nuint)"/> and <see cref="Write{T}(nuint, T)"/> are single loads and stores: reads acquire, writes
/// release. What a program writes before it writes a doorbell through a <see cref="Region"/> is visible to the device
/// by then, and what the device wrote before the completion that <see cref="Read{T}(nuint)"/> returned is visible too.
/// <c>docs/concepts.md</c> has the rules.</para>
/// </remarks>
public abstract unsafe partial class DmaMemory : IDmaView
{
    private readonly BufferMemory _memory; // what is accessed exists as long as this object
    private readonly byte* _start;
    private AccessBounds _bounds;

    private protected DmaMemory(DmaMapping mapping, BufferMemory memory, nuint offset, nuint length)
    {
        Mapping = mapping;
        _memory = memory;
        _start = memory.Start + offset;
        Iova = mapping.Iova + offset;
        Length = length;
        _bounds.Set(length);
        mapping.Add(this);
    }

    /// <summary>Gets the IOVA of the first byte.</summary>
    public Iova Iova { get; }

    /// <summary>Gets the length in bytes.</summary>
    public nuint Length { get; }

    /// <summary>Gets what the device may do with it.</summary>
    public DmaAccess Access => Mapping.Access;

    /// <summary>Gets the mapping in the address space; for a part, that of the whole buffer.</summary>
    public DmaMapping Mapping { get; }

    /// <summary>Gets the address in this process, for calls that take a pointer. Valid until disposal.</summary>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_bounds.Length == 0, this);
            return (nint)_start;
        }
    }

    /// <summary>
    /// Gets all of it, up to 2 GiB, as a span:
    /// <list type="bullet">
    /// <item>Do not use it after the buffer was unmapped or disposed. It throws no exception then: it accesses zeroes,
    /// or memory of another owner.</item>
    /// <item>What the device may write can change at any time: copy it, check the copy, and use only the copy.</item>
    /// <item>Fill in what the device is to read before you notify the device, for example by writing a doorbell through
    /// a <see cref="Region"/>.</item>
    /// <item>To see what the device signals in memory (a completion, a flag), use <see cref="Read{T}(nuint)"/>:
    /// accesses through a span may be split, repeated, or made too early.</item>
    /// </list>
    /// </summary>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    /// <exception cref="OverflowException">
    /// The memory is longer than a span can be; use <see cref="Slice(nuint, int)"/>.
    /// </exception>
    public Span<byte> Span => Slice((nuint)0, checked((int)Length));

    // Called when the buffer ends: no access is within the bounds any more.
    void IDmaView.Close() => _bounds.Set(0);

    /// <summary>Gets a part as a span, which must not be used after disposal.</summary>
    /// <param name="offset">The offset in bytes.</param>
    /// <param name="length">The length in bytes.</param>
    /// <returns>The memory itself, not a copy.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not within the memory.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Slice(nuint offset, int length)
    {
        if (!_bounds.ContainRange(offset, (nuint)length)) // a negative length is a huge number here
        {
            throw RangeErrorOf(offset, length);
        }

        return MemoryMarshal.CreateSpan(ref _start[offset], length);
    }

    /// <inheritdoc cref="Slice(nuint, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Slice(int offset, int length) => Slice((nuint)offset, length);

    /// <summary>
    /// Gets a part with its own IOVA, so that several rings and lists can share a page. It ends with the buffer.
    /// </summary>
    /// <param name="offset">The offset in bytes; a multiple of 8, so that numbers in it are aligned.</param>
    /// <param name="length">The length in bytes, more than 0.</param>
    /// <returns>The part. There is nothing to dispose.</returns>
    /// <exception cref="ArgumentException">The offset is not a multiple of 8.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The part is empty, or not within the memory.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    public DmaMemory Part(nuint offset, nuint length)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        return new DmaPart(this, StartOf(offset, length, alignment: sizeof(ulong)), length);
    }

    /// <inheritdoc cref="Part(nuint, nuint)"/>
    public DmaMemory Part(nuint offset, int length) => Part(offset, (nuint)length);

    /// <inheritdoc cref="Part(nuint, nuint)"/>
    public DmaMemory Part(int offset, int length) => Part((nuint)offset, (nuint)length);

    /// <summary>Reads a number that the device may be writing: one load, acquire.</summary>
    /// <typeparam name="T">
    /// An integer, an enum, or a struct over one integer, of 1, 2, 4 or 8 bytes.
    /// </typeparam>
    /// <param name="offset">The offset in bytes; a multiple of the number's size.</param>
    /// <returns>The number, little-endian.</returns>
    /// <exception cref="ArgumentException">The offset is not aligned.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is not within the memory.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> has another size.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    // A driver's hot path: benchmarks/disassembly checks the code that the compiler generates for it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Read<T>(nuint offset)
        where T : unmanaged
    {
        if (!_bounds.Contain<T>(offset))
        {
            throw ErrorOf(offset, sizeof(T));
        }

        T value = Mmio.Read<T>(_start + offset);
        GC.KeepAlive(this);
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
    /// <param name="offset">The offset in bytes; a multiple of the number's size.</param>
    /// <param name="value">The number, which is stored little-endian.</param>
    /// <inheritdoc cref="Read{T}(nuint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<T>(nuint offset, T value)
        where T : unmanaged
    {
        if (!_bounds.Contain<T>(offset))
        {
            throw ErrorOf(offset, sizeof(T));
        }

        Mmio.Write(_start + offset, value);
        GC.KeepAlive(this);
    }

    /// <inheritdoc cref="Write{T}(nuint, T)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<T>(int offset, T value)
        where T : unmanaged => Write((nuint)offset, value);

    /// <summary>Gets the address of a range, for a view of it.</summary>
    internal nuint StartOf(nuint offset, nuint length, nuint alignment)
    {
        if (!_bounds.ContainRange(offset, length))
        {
            throw RangeErrorOf(offset, length);
        }

        return (offset & (alignment - 1)) == 0
            ? offset
            : throw new ArgumentException(
                $"0x{offset:x} is not a multiple of {alignment}: numbers in it would not be aligned", nameof(offset));
    }

    /// <summary>Gets the address of the first byte, without a check, for a view that has its own.</summary>
    internal byte* Start => _start;

    private Exception ErrorOf(nuint offset, int width) => _bounds.Length == 0
        ? Ended() : AccessErrors.OfPlace(offset, width, Length, Describe());

    private Exception RangeErrorOf(nuint offset, int length) => length < 0
        ? new ArgumentOutOfRangeException(nameof(length), length, "a length is not negative")
        : RangeErrorOf(offset, (nuint)length);

    private Exception RangeErrorOf(nuint offset, nuint length) => _bounds.Length == 0
        ? Ended() : AccessErrors.OfRange(offset, length, Length, Describe());

    private ObjectDisposedException Ended() => new(GetType().FullName);

    private string Describe() => this is DmaBuffer ? "a buffer" : "a part";

    private sealed class DmaPart(DmaMemory whole, nuint offset, nuint length)
        : DmaMemory(whole.Mapping, whole._memory, (nuint)(whole._start - whole._memory.Start) + offset, length);
}

/// <summary>Represents a view of mapped memory, which must not be accessed after the mapping has ended.</summary>
internal interface IDmaView
{
    /// <summary>Ends the view: accesses throw from now on. Thread-safe; can be called more than once.</summary>
    void Close();
}
