using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Vfio;

// Stores with less order than Write, and past the processor's caches.
public abstract unsafe partial class DmaMemory
{
    /// <summary>
    /// Writes a number: one store, in no order with others. Several of these, then one <see cref="DmaBarrier.Write"/>
    /// or <see cref="Write{T}(nuint, T)"/> that tells the device. On x86-64 it costs what
    /// <see cref="Write{T}(nuint, T)"/> does, but the compiler may combine neighbouring stores.
    /// </summary>
    /// <inheritdoc cref="Write{T}(nuint, T)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteRelaxed<T>(nuint offset, T value)
        where T : unmanaged
    {
        if (!_bounds.Contain<T>(offset))
        {
            throw ErrorOf(offset, sizeof(T));
        }

        Mmio.WriteRelaxed(_start + offset, value);
        GC.KeepAlive(this);
    }

    /// <inheritdoc cref="WriteRelaxed{T}(nuint, T)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteRelaxed<T>(int offset, T value)
        where T : unmanaged => WriteRelaxed((nuint)offset, value);

    /// <summary>
    /// Stores data that this program does not read again soon, past the processor's caches (non-temporal), and then
    /// fences: when this returns, the stores are ordered before every later one, the doorbell's too. On other
    /// processors than x86-64, copies, and then <see cref="DmaBarrier.Write"/>.
    /// </summary>
    /// <param name="offset">The offset in bytes.</param>
    /// <param name="data">
    /// The data. The parts that do not fill 16 aligned bytes of the memory are stored as usual.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The data does not fit into the memory.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or the last device of its address space, was
    /// disposed.</exception>
    public void Post(nuint offset, ReadOnlySpan<byte> data)
    {
        Span<byte> target = Slice(offset, data.Length);
        if (!Sse2.IsSupported)
        {
            data.CopyTo(target);
            DmaBarrier.Write();
            GC.KeepAlive(this);
            return;
        }

        int head = Math.Min(
            (int)(-(nint)(_start + offset) & (Vector128<byte>.Count - 1)), data.Length);
        data[..head].CopyTo(target);
        int at = head;
        for (; data.Length - at >= Vector128<byte>.Count; at += Vector128<byte>.Count)
        {
            Vector128<byte> part = Vector128.Create(data.Slice(at, Vector128<byte>.Count));
            Sse2.StoreAlignedNonTemporal(_start + offset + at, part);
        }

        data[at..].CopyTo(target[at..]);
        Sse.StoreFence();
        GC.KeepAlive(this);
    }

    /// <inheritdoc cref="Post(nuint, ReadOnlySpan{byte})"/>
    public void Post(int offset, ReadOnlySpan<byte> data) => Post((nuint)offset, data);
}
