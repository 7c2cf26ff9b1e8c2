using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop;

namespace Vfio.Regions;

/// <summary>
/// A part of a device mapped into this process. It ends in two steps: <see cref="Revoke"/> puts memory of all ones in its
/// place, so that a thread that is just about to touch it finds memory; the address range is given back when nothing refers
/// to this object any more and so nothing can touch it.
/// </summary>
/// <remarks>
/// A mapping of a device is guarded: where the device does not answer an access, <see cref="MemoryGuard"/> covers that part with ones, until
/// <see cref="TryRecover"/>. What is written to such a part is memory of this process: it is read back, and the device never sees it.
/// </remarks>
internal sealed unsafe class MappedMemory : SafeHandle
{
    // A BAR of 16 MiB is covered by 256 pieces of 64 KiB, one of 1 GiB by 256 of 4 MiB. Above 16 GiB zeroes must do.
    private const nuint SmallestPiece = 64 * 1024;
    private const nuint LargestPiece = 16 * 1024 * 1024;
    private const nuint UsualPieces = 256;
    private const nuint MostPieces = 1024;
    private const int Protection = Libc.PROT_READ | Libc.PROT_WRITE;
    private const int CoverFlags = Libc.MAP_PRIVATE | Libc.MAP_NORESERVE | Libc.MAP_FIXED;

    // More than the moments at which one access can cover again.
    private const int MostRounds = 8;

    private readonly nuint _length;
    private readonly Lock _change = new(); // revoking and recovering
    private bool _isRevoked; // locked
    private int _pieces;
    private GuardSlot* _slot; // null where it is not guarded
    private Func<nint, nint>? _mapAgain;

    private MappedMemory(nint address, nuint length)
        : base(Libc.MAP_FAILED, ownsHandle: true)
    {
        SetHandle(address);
        _length = length;
    }

    public override bool IsInvalid => handle == Libc.MAP_FAILED;

    /// <summary>Where it starts. Valid as long as this object is reachable; callers keep it alive across each access.</summary>
    public byte* Start => (byte*)handle;

    public nuint Length => _length;

    /// <summary>Whether a part of it is memory of this process, because the device did not answer there.</summary>
    public bool IsCovered => MemoryGuard.IsHit(_slot);

    /// <summary>Maps memory that always answers.</summary>
    public static MappedMemory Map(SafeFileHandle file, long offset, nuint length, bool read, bool write, string subject)
    {
        int protection = (read ? Libc.PROT_READ : 0) | (write ? Libc.PROT_WRITE : 0);
        nint address = Libc.MMap(0, length, protection, Libc.MAP_SHARED, file, offset);
        if (address == Libc.MAP_FAILED)
        {
            throw new VfioException("mmap", subject, Marshal.GetLastPInvokeError());
        }

        return new MappedMemory(address, length);
    }

    /// <summary>Maps a part of a device, and guards it.</summary>
    /// <param name="file">The device; to be open as long as the mapping is to be recovered.</param>
    /// <param name="offset">Where the part lies in the file.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="read">Whether it can be read.</param>
    /// <param name="write">Whether it can be written.</param>
    /// <param name="subject">Its name in messages.</param>
    /// <returns>Null where it cannot be guarded: an access could end the process.</returns>
    public static MappedMemory? TryMapGuarded(SafeFileHandle file, long offset, nuint length, bool read, bool write, string subject)
    {
        MappedMemory memory = Map(file, offset, length, read, write, subject);
        memory._slot = MemoryGuard.TryTake(memory.handle, length);
        if (memory._slot == null)
        {
            memory.Dispose();
            return null;
        }

        int protection = (read ? Libc.PROT_READ : 0) | (write ? Libc.PROT_WRITE : 0);
        memory._mapAgain = place => Libc.MMap(place, length, protection, Libc.MAP_SHARED | Libc.MAP_FIXED, file, offset);
        return memory;
    }

    /// <summary>
    /// Maps the device again where it was covered, and where it is just being covered by a fault from before. Any thread, others may access it meanwhile.
    /// </summary>
    /// <returns>Whether nothing is covered; where something is, the device still does not answer.</returns>
    /// <exception cref="VfioException">The kernel does not map it any more.</exception>
    public bool TryRecover(string subject)
    {
        bool isRecovered;
        lock (_change)
        {
            for (int round = 0; round < MostRounds && _slot != null && !_isRevoked; round++)
            {
                if (!MemoryGuard.BeginRecovery(_slot))
                {
                    break;
                }

                if (_mapAgain!(handle) == Libc.MAP_FAILED)
                {
                    int errno = Marshal.GetLastPInvokeError();
                    MemoryGuard.NoteHit(_slot);
                    Cover(); // who knows what the kernel left there
                    throw new VfioException("mmap", subject, errno);
                }

                if (MemoryGuard.EndRecovery(_slot))
                {
                    break;
                }
            }

            isRecovered = _isRevoked || !IsCovered;
        }

        GC.KeepAlive(this);
        return isRecovered;
    }

    /// <summary>
    /// Lets go of the device: from here on reads give all ones and writes go nowhere. Any thread; once is enough. Zeroes instead of
    /// ones where the region is larger than 16 GiB, or memory or mappings are short.
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
        EndGuard();
        MappingBudget.Return(_pieces);
        return Libc.MUnmap(handle, _length) == 0;
    }

    private void Cover()
    {
        if (!CoverWithOnes() && !MemoryCover.TryZeroes(handle, _length))
        {
            EndGuard();
            SetHandleAsInvalid(); // what is there may soon be somebody else's: it is not given back
        }
    }

    private void EndGuard()
    {
        if (_slot != null)
        {
            MemoryGuard.Release(_slot);
            _slot = null;
        }
    }

    private bool CoverWithOnes()
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint piece = nuint.Clamp(((_length / UsualPieces) + page - 1) / page * page, SmallestPiece, LargestPiece);
        nuint count = (_length + piece - 1) / piece;
        // The budget is taken once: a mapping that could not be recovered is covered again when it is revoked.
        if (count > MostPieces || (_pieces == 0 && !MappingBudget.TryTake((int)count)))
        {
            return false;
        }

        _pieces = (int)count;
        using SafeFileHandle ones = Libc.MemfdCreate("vfio-revoked", Libc.MFD_CLOEXEC);
        if (ones.IsInvalid || !FillWithOnes(ones, nuint.Min(piece, _length)))
        {
            return false;
        }

        for (nuint at = 0; at < _length; at += piece)
        {
            if (!CoverWith(ones, handle + (nint)at, nuint.Min(piece, _length - at)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool CoverWith(SafeFileHandle file, nint address, nuint length) =>
        Libc.MMap(address, length, Protection, CoverFlags, file, 0) != Libc.MAP_FAILED;

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
