using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Owns an address range in this process where memory of a device is mapped. It ends in two steps: <see cref="Revoke"/>
/// replaces it by memory of all ones, so that a thread that is about to access it still finds memory; the address range
/// is freed when nothing refers to this object any more, so that nothing can access it.
/// </summary>
internal sealed class MappedMemory : SafeHandle
{
    // A BAR of 16 MiB is covered by 256 pieces of 64 KiB, one of 1 GiB by 256 of 4 MiB. Above 16 GiB, zeroes are used.
    private const nuint SmallestPiece = 64 * 1024;
    private const nuint LargestPiece = 16 * 1024 * 1024;
    private const nuint UsualPieces = 256;
    private const nuint MostPieces = 1024;
    private const int CoverFlags = Libc.MAP_PRIVATE | Libc.MAP_NORESERVE | Libc.MAP_FIXED;

    private readonly SafeFileHandle? _file; // of a device that may stop answering
    private readonly long _offset;
    private readonly int _protection;
    private readonly Lock _change = new();
    private bool _isRevoked; // under the lock
    private int _pieces;

    private MappedMemory(nint address, nuint length, SafeFileHandle? file, long offset, int protection)
        : base(Libc.MAP_FAILED, ownsHandle: true)
    {
        SetHandle(address);
        Length = length;
        (_file, _offset, _protection) = (file, offset, protection);
    }

    public override bool IsInvalid => handle == Libc.MAP_FAILED;

    /// <summary>
    /// Gets the start. Valid as long as this object is reachable; callers keep it alive during each access.
    /// </summary>
    public nint Start => handle;

    public nuint Length { get; }

    /// <summary>
    /// Gets whether an access may get no answer, which ends a process that is not guarded: memory of a device, not of a
    /// device model.
    /// </summary>
    public bool MayStopAnswering => _file is not null;

    /// <summary>Maps memory that always answers.</summary>
    public static MappedMemory Map(
        SafeFileHandle file, long offset, nuint length, bool read, bool write, string subject) =>
        Map(file, offset, length, read, write, subject, mayStop: false);

    /// <summary>Maps a part of a device.</summary>
    /// <param name="file">The device, which must stay open as long as the mapping may have to be made again.</param>
    /// <param name="offset">The offset of the part in the file.</param>
    /// <param name="length">The length in bytes.</param>
    /// <param name="read">Whether it can be read.</param>
    /// <param name="write">Whether it can be written.</param>
    /// <param name="subject">The name in messages.</param>
    public static MappedMemory MapDevice(
        SafeFileHandle file, long offset, nuint length, bool read, bool write, string subject) =>
        Map(file, offset, length, read, write, subject, mayStop: true);

    /// <summary>
    /// Maps the device again, replacing what covers it. Thread-safe; other threads may access it meanwhile.
    /// </summary>
    /// <returns>The errno, if it is covered; 0 if it is mapped, or was revoked and stays revoked.</returns>
    public int MapAgain()
    {
        lock (_change)
        {
            int errno = 0;
            if (_file is not null
                && !_isRevoked
                && Libc.MMap(handle, Length, _protection, Libc.MAP_SHARED | Libc.MAP_FIXED, _file, _offset)
                    == Libc.MAP_FAILED)
            {
                errno = Marshal.GetLastPInvokeError();
                Cover(); // what the kernel left there is unknown
            }

            GC.KeepAlive(this);
            return errno;
        }
    }

    /// <summary>
    /// Replaces the device: from now on reads return all ones, and writes have no effect. Thread-safe; one call is
    /// enough. Reads return zeroes instead of ones if the region is larger than 16 GiB, or if there is not enough
    /// memory or too many mappings.
    /// </summary>
    public void Revoke()
    {
        lock (_change)
        {
            if (!_isRevoked)
            {
                Cover();
            }

            _isRevoked = true;
        }

        GC.KeepAlive(this);
    }

    protected override bool ReleaseHandle()
    {
        MappingBudget.Return(_pieces);
        return Libc.MUnmap(handle, Length) == 0;
    }

    private static MappedMemory Map(
        SafeFileHandle file, long offset, nuint length, bool read, bool write, string subject, bool mayStop)
    {
        int protection = (read ? Libc.PROT_READ : 0) | (write ? Libc.PROT_WRITE : 0);
        nint address = Libc.MMap(0, length, protection, Libc.MAP_SHARED, file, offset);
        return address != Libc.MAP_FAILED
            ? new MappedMemory(address, length, mayStop ? file : null, offset, protection)
            : throw new VfioException("mmap", subject, Marshal.GetLastPInvokeError());
    }

    private void Cover()
    {
        if (!CoverWithOnes() && !MemoryCover.TryZeroes(handle, Length))
        {
            SetHandleAsInvalid(); // another mapping may use the range soon, so it is not unmapped
        }
    }

    private bool CoverWithOnes()
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint piece = nuint.Clamp(((Length / UsualPieces) + page - 1) / page * page, SmallestPiece, LargestPiece);
        nuint count = (Length + piece - 1) / piece;
        // The budget is taken only once: a mapping that could not be made again is covered again when it is revoked.
        if (count > MostPieces || (_pieces == 0 && !MappingBudget.TryTake((int)count)))
        {
            return false;
        }

        _pieces = (int)count;
        using SafeFileHandle ones = Libc.MemfdCreate("vfio-revoked", Libc.MFD_CLOEXEC);
        if (ones.IsInvalid || !FillWithOnes(ones, nuint.Min(piece, Length)))
        {
            return false;
        }

        for (nuint at = 0; at < Length; at += piece)
        {
            if (!CoverWith(ones, handle + (nint)at, nuint.Min(piece, Length - at)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool CoverWith(SafeFileHandle file, nint address, nuint length) =>
        Libc.MMap(address, length, Libc.PROT_READ | Libc.PROT_WRITE, CoverFlags, file, 0) != Libc.MAP_FAILED;

    private static bool FillWithOnes(SafeFileHandle file, nuint length)
    {
        byte[] ones = new byte[SmallestPiece];
        ones.AsSpan().Fill(0xff);
        for (nuint at = 0; at < length; at += SmallestPiece)
        {
            int errno = PositionedIo.Write(file, ones, (long)at, out nint done);
            if (errno != 0 || done != ones.Length)
            {
                return false;
            }
        }

        return true;
    }
}
