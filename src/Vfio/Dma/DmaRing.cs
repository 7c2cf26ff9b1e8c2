using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// Represents a ring of descriptors, commands or completions: entries of one size, one after the other, in memory that
/// devices can access.
/// </summary>
/// <typeparam name="T">
/// An entry, laid out as the device's specification has it (<c>[StructLayout]</c>), in the byte order of the host,
/// which must be little-endian. The specification's fields are aligned to their own size.
/// </typeparam>
/// <remarks>
/// <para>An entry that only the driver uses now is read and written as a whole, <c>ring[i]</c>: ordinary loads and
/// stores, in any order, unless it has 1, 2, 4 or 8 bytes, which are one aligned access. A field that the device
/// writes, or that tells the device that the entry is valid, is accessed by <see cref="Read{TField}(nuint, nuint)"/>
/// and <see cref="Write{TField}(nuint, nuint, TField)"/>: one load, acquire, and one store, release. So a completion is
/// first looked at by <c>Read</c> of its phase or status, and then read as a whole.</para>
/// <para>Thread-safe as memory is: two threads that write one entry disturb each other. An index is not wrapped: it is
/// less than <see cref="Count"/>. After the end of the ring or its buffer each access throws
/// <see cref="ObjectDisposedException"/>; one that races with the end reads zeroes and writes nothing.</para>
/// </remarks>
/// <example>
/// <code>
/// using DmaRing&lt;Command&gt; ring = device.AddressSpace.AllocateRing&lt;Command&gt;(256);
/// registers.WriteUInt64(QueueAddress, ring.Iova.Value);
/// ring[tail] = new Command { Address = data.Iova.Value, Length = 4096 };
/// tail = (tail + 1) % 256;
/// registers.WriteUInt32(Doorbell, (uint)tail);
/// </code>
/// </example>
public sealed unsafe class DmaRing<T> : IDmaView, IDisposable
    where T : unmanaged
{
    private readonly DmaMemory _memory; // what is accessed exists as long as this object
    private readonly DmaBuffer? _owned;
    private readonly nuint _offset;
    private readonly byte* _start;
    private ulong _count; // 0 after the end

    /// <summary>Creates a ring in a buffer or a part of one, which the caller owns.</summary>
    /// <param name="memory">The memory. Several rings can share it, side by side.</param>
    /// <param name="offset">Where the ring starts, in bytes; a multiple of 8. The device may require more.</param>
    /// <param name="count">The number of entries, 1 or more.</param>
    /// <exception cref="ArgumentException">The offset is not a multiple of 8.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The ring is empty, or not within the memory.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    /// <exception cref="PlatformNotSupportedException">The host is big-endian.</exception>
    public DmaRing(DmaMemory memory, nuint offset, int count)
        : this(memory, offset, count, owned: null)
    {
    }

    /// <inheritdoc cref="DmaRing{T}(DmaMemory, nuint, int)"/>
    public DmaRing(DmaMemory memory, int offset, int count)
        : this(memory, (nuint)offset, count, owned: null)
    {
    }

    internal DmaRing(DmaBuffer owned, int count)
        : this(owned, 0, count, owned)
    {
    }

    private DmaRing(DmaMemory memory, nuint offset, int count, DmaBuffer? owned)
    {
        ArgumentNullException.ThrowIfNull(memory);
        AccessErrors.ThrowIfBigEndian();
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        nuint length = (nuint)count * (nuint)sizeof(T);
        _memory = memory;
        _owned = owned;
        _start = memory.Start + memory.StartOf(offset, length, alignment: sizeof(ulong));
        _offset = offset;
        Iova = memory.Iova + offset;
        Count = count;
        _count = (ulong)count;
        memory.Mapping.Add(this);
    }

    /// <summary>Gets the number of entries.</summary>
    public int Count { get; }

    /// <summary>Gets the IOVA of the first entry.</summary>
    public Iova Iova { get; }

    /// <summary>Gets the memory that contains the ring.</summary>
    public DmaMemory Memory => _memory;

    /// <summary>Gets or sets a whole entry.</summary>
    /// <param name="index">The index, less than <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such entry.</exception>
    /// <exception cref="ObjectDisposedException">The ring or its buffer has ended.</exception>
    // A driver's hot path: benchmarks/disassembly checks the code that the compiler generates for it. The widths are
    // compared one by one, because the compiler drops a branch early only if its condition is one comparison. If the
    // branch of single accesses remains, the fields of a large entry are first gathered in a copy, whose load then
    // waits for the stores of its fields.
    public T this[nuint index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            byte* entry = EntryAt(index);
            T value;
            if (sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8)
            {
                value = Mmio.Read<T>(entry);
            }
            else
            {
                value = *(T*)entry;
            }

            GC.KeepAlive(this);
            return value;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        set
        {
            byte* entry = EntryAt(index);
            if (sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8)
            {
                Mmio.Write(entry, value);
            }
            else
            {
                *(T*)entry = value;
            }

            GC.KeepAlive(this);
        }
    }

    /// <inheritdoc cref="this[nuint]"/>
    public T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => this[(nuint)index];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        set => this[(nuint)index] = value;
    }

    /// <summary>Gets the IOVA of an entry.</summary>
    /// <param name="index">The index, less than <see cref="Count"/>.</param>
    /// <returns>The IOVA of its first byte.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such entry.</exception>
    /// <exception cref="ObjectDisposedException">The ring or its buffer has ended.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Iova IovaOf(nuint index)
    {
        Check(index);
        return new Iova(Iova.Value + (index * (nuint)sizeof(T)));
    }

    /// <inheritdoc cref="IovaOf(nuint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Iova IovaOf(int index) => IovaOf((nuint)index);

    /// <summary>Reads a field of an entry that the device may be writing: one load, acquire.</summary>
    /// <typeparam name="TField">
    /// An integer, an enum, or a struct over one integer, of 1, 2, 4 or 8 bytes.
    /// </typeparam>
    /// <param name="index">The index of the entry, less than <see cref="Count"/>.</param>
    /// <param name="fieldOffset">The offset of the field in the entry in bytes; a multiple of its size.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentException">The field is not aligned.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such entry, or the field is not within it.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TField"/> has another size.</exception>
    /// <exception cref="ObjectDisposedException">The ring or its buffer has ended.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TField Read<TField>(nuint index, nuint fieldOffset)
        where TField : unmanaged
    {
        byte* entry = EntryAt(index);
        CheckField<TField>(fieldOffset);
        TField value = Mmio.Read<TField>(entry + fieldOffset);
        GC.KeepAlive(this);
        return value;
    }

    /// <inheritdoc cref="Read{TField}(nuint, nuint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TField Read<TField>(int index, int fieldOffset)
        where TField : unmanaged => Read<TField>((nuint)index, (nuint)fieldOffset);

    /// <summary>Writes a field of an entry that the device may be reading: one store, release.</summary>
    /// <typeparam name="TField">
    /// An integer, an enum, or a struct over one integer, of 1, 2, 4 or 8 bytes.
    /// </typeparam>
    /// <param name="index">The index of the entry, less than <see cref="Count"/>.</param>
    /// <param name="fieldOffset">The offset of the field in the entry in bytes; a multiple of its size.</param>
    /// <param name="value">The value.</param>
    /// <inheritdoc cref="Read{TField}(nuint, nuint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<TField>(nuint index, nuint fieldOffset, TField value)
        where TField : unmanaged
    {
        byte* entry = EntryAt(index);
        CheckField<TField>(fieldOffset);
        Mmio.Write(entry + fieldOffset, value);
        GC.KeepAlive(this);
    }

    /// <inheritdoc cref="Write{TField}(nuint, nuint, TField)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<TField>(int index, int fieldOffset, TField value)
        where TField : unmanaged => Write((nuint)index, (nuint)fieldOffset, value);

    /// <summary>
    /// Writes a field: one store, in no order with others. Several of these, then one <see cref="DmaBarrier.Write"/> or
    /// <see cref="Write{TField}(nuint, nuint, TField)"/>.
    /// </summary>
    /// <inheritdoc cref="Write{TField}(nuint, nuint, TField)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteRelaxed<TField>(nuint index, nuint fieldOffset, TField value)
        where TField : unmanaged
    {
        byte* entry = EntryAt(index);
        CheckField<TField>(fieldOffset);
        Mmio.WriteRelaxed(entry + fieldOffset, value);
        GC.KeepAlive(this);
    }

    /// <inheritdoc cref="WriteRelaxed{TField}(nuint, nuint, TField)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteRelaxed<TField>(int index, int fieldOffset, TField value)
        where TField : unmanaged => WriteRelaxed((nuint)index, (nuint)fieldOffset, value);

    /// <summary>
    /// Stores a whole entry past the processor's caches, and fences, as
    /// <see cref="DmaMemory.Post(nuint, ReadOnlySpan{byte})"/> does.
    /// </summary>
    /// <param name="index">The index, less than <see cref="Count"/>.</param>
    /// <param name="entry">The entry.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such entry.</exception>
    /// <exception cref="ObjectDisposedException">The ring or its buffer has ended.</exception>
    public void Post(nuint index, in T entry)
    {
        Check(index);
        _memory.Post(_offset + (index * (nuint)sizeof(T)), MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in entry)));
    }

    /// <inheritdoc cref="Post(nuint, in T)"/>
    public void Post(int index, in T entry) => Post((nuint)index, in entry);

    /// <summary>
    /// Ends the ring. If it has a buffer of its own (<see cref="IoAddressSpace.AllocateRing"/>), the buffer is disposed
    /// too. Never throws, and can be called more than once.
    /// </summary>
    public void Dispose()
    {
        Volatile.Write(ref _count, 0);
        _owned?.Dispose();
    }

    void IDmaView.Close() => Volatile.Write(ref _count, 0);

    // The compiler resolves this where the offset is a constant.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckField<TField>(nuint fieldOffset)
        where TField : unmanaged
    {
        bool isRight = sizeof(TField) is 1 or 2 or 4 or 8 && sizeof(T) >= sizeof(TField)
            && sizeof(T) % sizeof(TField) == 0 && fieldOffset <= (nuint)(sizeof(T) - sizeof(TField))
            && (fieldOffset & (nuint)(sizeof(TField) - 1)) == 0;
        if (!isRight)
        {
            throw AccessErrors.OfField(fieldOffset, sizeof(TField), sizeof(T));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* EntryAt(nuint index)
    {
        Check(index);
        return _start + (index * (nuint)sizeof(T));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(nuint index)
    {
        if (index >= _count)
        {
            throw ErrorOf(index);
        }
    }

    private Exception ErrorOf(nuint index) => _count == 0
        ? new ObjectDisposedException(GetType().FullName)
        : new ArgumentOutOfRangeException(nameof(index), $"a ring of {Count} entries has no entry {index}");
}
