using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Vfio;

// Several accesses in a row, and stores wider than a register.
public sealed unsafe partial class Region
{
    /// <summary>
    /// Reads consecutive registers or memory of the device: one access of the width of <typeparamref name="T"/> for
    /// each element, in ascending order, none repeated or combined.
    /// </summary>
    /// <typeparam name="T">An integer of 1, 2, 4 or 8 bytes, whose width each access has.</typeparam>
    /// <param name="offset">The offset of the first element in bytes; a multiple of the width.</param>
    /// <param name="destination">Receives the elements. If an access throws, those before it were read.</param>
    /// <inheritdoc cref="ReadUInt16"/>
    public void CopyTo<T>(ulong offset, Span<T> destination)
        where T : unmanaged
    {
        CheckRun(offset, sizeof(T), (ulong)destination.Length, Info.CanRead, "read");
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = Read<T>(offset + ((ulong)i * (ulong)sizeof(T)));
        }
    }

    /// <summary>
    /// Writes consecutive registers or memory of the device: one access of the width of <typeparamref name="T"/> for
    /// each element, in ascending order, none repeated or combined.
    /// </summary>
    /// <typeparam name="T">An integer of 1, 2, 4 or 8 bytes, whose width each access has.</typeparam>
    /// <param name="offset">The offset of the first element in bytes; a multiple of the width.</param>
    /// <param name="source">The elements. If an access throws, those before it were written.</param>
    /// <inheritdoc cref="WriteUInt16"/>
    public void CopyFrom<T>(ulong offset, ReadOnlySpan<T> source)
        where T : unmanaged
    {
        CheckRun(offset, sizeof(T), (ulong)source.Length, Info.CanWrite, "written");
        for (int i = 0; i < source.Length; i++)
        {
            Write(offset + ((ulong)i * (ulong)sizeof(T)), source[i]);
        }
    }

    /// <summary>
    /// Writes one value to consecutive registers or memory of the device: one access of the width of
    /// <typeparamref name="T"/> for each, in ascending order, none repeated or combined.
    /// </summary>
    /// <typeparam name="T">An integer of 1, 2, 4 or 8 bytes, whose width each access has.</typeparam>
    /// <param name="offset">The offset of the first access in bytes; a multiple of the width.</param>
    /// <param name="value">The value.</param>
    /// <param name="count">The number of accesses.</param>
    /// <inheritdoc cref="WriteUInt16"/>
    public void Fill<T>(ulong offset, T value, ulong count)
        where T : unmanaged
    {
        CheckRun(offset, sizeof(T), count, Info.CanWrite, "written");
        for (ulong i = 0; i < count; i++)
        {
            Write(offset + (i * (ulong)sizeof(T)), value);
        }
    }

    /// <summary>
    /// Stores 16 bytes by one instruction, in a BAR that is memory of the device and not registers: a buffer for
    /// packets or commands. Whether they reach the device as one transfer depends on the platform.
    /// </summary>
    /// <remarks>
    /// In a virtual machine, whether this works depends on the hypervisor: for a BAR that it maps, the store goes to
    /// the device; for one that it emulates, it must interpret the instruction, and many do not interpret vector
    /// instructions: the virtual machine may be stopped. <see cref="CopyFrom"/> works everywhere.
    /// </remarks>
    /// <param name="offset">The offset in bytes; a multiple of the vector's length.</param>
    /// <param name="value">The bytes, the first one at the lowest address.</param>
    /// <exception cref="ArgumentException"><paramref name="offset"/> is not aligned to the width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The store is not within the region.</exception>
    /// <exception cref="NotSupportedException">
    /// The processor has no such store, or that part of the region is not mapped or cannot be written.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The region or its device was disposed.</exception>
    /// <exception cref="VfioException">The device does not answer; only for checked regions.</exception>
    public void WriteVector(ulong offset, Vector128<byte> value)
    {
        byte* address = FindVector(offset, Vector128<byte>.Count, Sse2.IsSupported || AdvSimd.IsSupported);
        value.StoreAligned(address);
        EndVector(offset);
    }

    /// <summary>Stores 32 bytes by one instruction.</summary>
    /// <inheritdoc cref="WriteVector(ulong, Vector128{byte})"/>
    public void WriteVector(ulong offset, Vector256<byte> value)
    {
        byte* address = FindVector(offset, Vector256<byte>.Count, Avx.IsSupported);
        Avx.StoreAligned(address, value);
        EndVector(offset);
    }

    /// <summary>Stores 64 bytes by one instruction.</summary>
    /// <inheritdoc cref="WriteVector(ulong, Vector128{byte})"/>
    public void WriteVector(ulong offset, Vector512<byte> value)
    {
        byte* address = FindVector(offset, Vector512<byte>.Count, Avx512F.IsSupported);
        Avx512F.StoreAligned(address, value);
        EndVector(offset);
    }

    private byte* FindVector(ulong offset, int width, bool isSupported)
    {
        CheckPlace(offset, width, Info.CanWrite, "written");
        if (!isSupported)
        {
            throw new NotSupportedException($"this processor has no store of {width} bytes");
        }

        byte* address = _bounds.ContainRange(offset, (ulong)width) ? _base + offset : FindWindow(offset, width);
        return address != null
            ? address
            : throw new NotSupportedException(
                $"{width} bytes at {Index.Describe()}+0x{offset:x} are not mapped, and one access through the file "
                + "descriptor has at most 8 bytes");
    }

    private void EndVector(ulong offset)
    {
        ThrowIfUnanswered("write", offset, mayBeLost: false);
        GC.KeepAlive(this);
    }

    // All of a run is checked before its first access.
    private void CheckRun(ulong offset, int width, ulong count, bool allowed, string verb)
    {
        CheckPlace(offset, width, allowed, verb, isEmpty: count == 0);
        CheckWidth(width);
        if (count > (Length - offset) / (uint)width)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset),
                $"{count} accesses of {width} bytes from 0x{offset:x} on extend beyond {Index.Describe()}, which is "
                + $"0x{Length:x} bytes long");
        }
    }
}
