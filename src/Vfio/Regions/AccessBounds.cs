using System.Numerics;
using System.Runtime.CompilerServices;

namespace Vfio;

/// <summary>
/// The bounds of memory that is accessed by registers or numbers of 1, 2, 4 or 8 bytes: one comparison with a field
/// checks that an access is within it, that it is aligned, and that the memory has not ended.
/// </summary>
internal struct AccessBounds
{
    private ulong _count8;
    private ulong _count16;
    private ulong _count32;
    private ulong _count64;

    /// <summary>Gets the length in bytes; 0 when the memory has ended.</summary>
    public readonly ulong Length => _count8;

    /// <summary>Sets the length in bytes. With 0, no access is within the bounds any more.</summary>
    public void Set(ulong length)
    {
        Volatile.Write(ref _count8, length);
        Volatile.Write(ref _count16, length / 2);
        Volatile.Write(ref _count32, length / 4);
        Volatile.Write(ref _count64, length / 8);
    }

    /// <summary>
    /// Gets whether an access of the width of <typeparamref name="T"/> is aligned and within the bounds. Never, if no
    /// access has this width. The tests of the width are resolved when the method is compiled.
    /// </summary>
    // Rotated right by the width's bits, an unaligned offset becomes a huge index.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Contain<T>(ulong offset)
        where T : unmanaged => Unsafe.SizeOf<T>() == 1
            ? offset < _count8 : Unsafe.SizeOf<T>() == 2
            ? BitOperations.RotateRight(offset, 1) < _count16 : Unsafe.SizeOf<T>() == 4
            ? BitOperations.RotateRight(offset, 2) < _count32 : Unsafe.SizeOf<T>() == 8
            && BitOperations.RotateRight(offset, 3) < _count64;

    /// <summary>Gets whether a range of bytes is within the bounds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool ContainRange(ulong offset, ulong length) => length <= _count8 && offset <= _count8 - length;
}
