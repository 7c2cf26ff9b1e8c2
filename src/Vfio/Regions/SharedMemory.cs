using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents memory in a memfd that is mapped here, and can be mapped by others. A device model provides it as a BAR.
/// Its length is sealed, so that no process that has the file can truncate it under a mapping.
/// </summary>
/// <remarks>
/// Thread-safe. After <see cref="Dispose"/> each access throws <see cref="ObjectDisposedException"/>; one that races
/// with it reads all ones and writes nothing.
/// </remarks>
internal sealed unsafe class SharedMemory : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly MappedMemory _mapping;
    private ulong _length;

    private SharedMemory(SafeFileHandle file, MappedMemory mapping)
    {
        _file = file;
        _mapping = mapping;
        _length = mapping.Length;
    }

    private byte* Start => (byte*)_mapping.Start;

    /// <summary>Gets the length in bytes; 0 after disposal.</summary>
    public ulong Length => Volatile.Read(ref _length);

    /// <param name="name">The name in <c>/proc/PID/maps</c>.</param>
    /// <param name="length">The length in bytes; more than 0.</param>
    public static SharedMemory Create(string name, ulong length)
    {
        SafeFileHandle file = Libc.MemfdCreate(name, Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        try
        {
            if (file.IsInvalid)
            {
                throw new VfioException("memfd_create", name, Marshal.GetLastPInvokeError());
            }

            RandomAccess.SetLength(file, checked((long)length));
            if (Libc.FCntl(file, Libc.F_ADD_SEALS, Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_SEAL) < 0)
            {
                throw new VfioException("F_ADD_SEALS", name, Marshal.GetLastPInvokeError());
            }

            return new SharedMemory(
                file, MappedMemory.Map(file, 0, checked((nuint)length), read: true, write: true, name));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Maps a part of it for a client. The caller owns the mapping.</summary>
    public MappedMemory Map(ulong offset, ulong length, bool read, bool write, string subject)
    {
        Check(offset, length);
        return MappedMemory.Map(_file, checked((long)offset), checked((nuint)length), read, write, subject);
    }

    /// <summary>Reads 1, 2, 4 or 8 bytes, aligned, as one load.</summary>
    public T Read<T>(ulong offset)
        where T : unmanaged, IBinaryInteger<T>
    {
        CheckAligned(offset, sizeof(T));
        T value = Mmio.Read<T>(Start + offset);
        GC.KeepAlive(this);
        return value;
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes, aligned, as one store.</summary>
    public void Write<T>(ulong offset, T value)
        where T : unmanaged, IBinaryInteger<T>
    {
        CheckAligned(offset, sizeof(T));
        Mmio.Write(Start + offset, value);
        GC.KeepAlive(this);
    }

    public void CopyTo(ulong offset, Span<byte> destination)
    {
        Check(offset, (ulong)destination.Length);
        new ReadOnlySpan<byte>(Start + offset, destination.Length).CopyTo(destination);
        GC.KeepAlive(this);
    }

    public void CopyFrom(ulong offset, ReadOnlySpan<byte> source)
    {
        Check(offset, (ulong)source.Length);
        source.CopyTo(new Span<byte>(Start + offset, source.Length));
        GC.KeepAlive(this);
    }

    public void Fill(ulong offset, ulong length, byte value)
    {
        Check(offset, length);
        NativeMemory.Fill(Start + offset, checked((nuint)length), value);
        GC.KeepAlive(this);
    }

    /// <summary>Closes the file; the mapping becomes memory of all ones until nothing refers to it.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _length, 0);
        _mapping.Revoke();
        _file.Dispose();
    }

    private void CheckAligned(ulong offset, int width)
    {
        Check(offset, (ulong)width);
        if (offset % (uint)width != 0)
        {
            throw new ArgumentException(
                $"0x{offset:x} is not aligned to the access width of {width} bytes", nameof(offset));
        }
    }

    private void Check(ulong offset, ulong length)
    {
        ulong all = Length;
        if (length > all || offset > all - length)
        {
            ObjectDisposedException.ThrowIf(all == 0, this);
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"0x{length:x} bytes at 0x{offset:x} are outside memory of 0x{all:x} bytes");
        }
    }
}
