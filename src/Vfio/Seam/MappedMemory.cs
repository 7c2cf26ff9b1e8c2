using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Memory of a device, mapped into this process: the owner of an address range. It ends in two steps:
/// <see cref="Revoke"/> replaces it by memory of all ones, so that a thread that is just about to access it finds
/// memory; the address range is freed when nothing refers to this object any more, and so nothing can access it.
/// </summary>
internal sealed class MappedMemory : SafeHandle
{
    // A BAR of 16 MiB is covered by 256 pieces of 64 KiB, one of 1 GiB by 256 of 4 MiB. Above 16 GiB zeroes must do.
    private const nuint SmallestPiece = 64 * 1024;
    private const nuint LargestPiece = 16 * 1024 * 1024;
    private const nuint UsualPieces = 256;
    private const nuint MostPieces = 1024;
    private const int CoverFlags = Libc.MAP_PRIVATE | Libc.MAP_NORESERVE | Libc.MAP_FIXED;

    private readonly SafeFileHandle? _file; // where it may stop answering
    private readonly long _offset;
    private readonly int _protection;
    private readonly Lock _change = new();
    private bool _isRevoked; // locked
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
    /// Gets where it starts. Valid as long as this object is reachable; callers keep it alive across each access.
    /// </summary>
    public nint Start => handle;

    public nuint Length { get; }

    /// <summary>
    /// Gets whether an access can find nothing there, which ends a process that is not guarded: memory of a device, not
    /// of a model.
    /// </summary>
    public bool MayStopAnswering => _file is not null;

    /// <summary>Maps memory that always answers.</summary>
    public static MappedMemory Map(
        SafeFileHandle file, long offset, nuint length, bool read, bool write, string subject) =>
        Map(file, offset, length, read, write, subject, mayStop: false);

    /// <summary>Maps a part of a device.</summary>
    /// <param name="file">The device; to be open as long as the mapping is to be made again.</param>
    /// <param name="offset">Where the part lies in the file.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="read">Whether it can be read.</param>
    /// <param name="write">Whether it can be written.</param>
    /// <param name="subject">Its name in messages.</param>
    public static MappedMemory MapDevice(
        SafeFileHandle file, long offset, nuint length, bool read, bool write, string subject) =>
        Map(file, offset, length, read, write, subject, mayStop: true);

    /// <summary>Maps the device again, over whatever covers it. Any thread, others may access it meanwhile.</summary>
    /// <returns>The errno, in which case it is covered; 0 if it is mapped, or was revoked and stays revoked.</returns>
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
                Cover(); // who knows what the kernel left there
            }

            GC.KeepAlive(this);
            return errno;
        }
    }

    /// <summary>
    /// Lets go of the device: from here on reads give all ones and writes go nowhere. Any thread; once is enough.
    /// Zeroes instead of ones where the region is larger than 16 GiB, or memory or mappings are short.
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
            SetHandleAsInvalid(); // the range may soon belong to another mapping: it is not unmapped
        }
    }

    private bool CoverWithOnes()
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint piece = nuint.Clamp(((Length / UsualPieces) + page - 1) / page * page, SmallestPiece, LargestPiece);
        nuint count = (Length + piece - 1) / piece;
        // The budget is taken once: a mapping that could not be made again is covered again when it is revoked.
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
