using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop;

namespace Vfio.Regions;

/// <summary>
/// A part of a device mapped into this process. It ends in two steps: <see cref="Revoke"/> puts memory of all ones in its
/// place, so that a thread that is just about to touch it finds memory; the address range is given back when nothing refers
/// to this object any more and so nothing can touch it.
/// </summary>
internal sealed unsafe class MappedMemory : SafeHandle
{
    // A mapping of 16 MiB is covered by 256 pieces of 64 KiB; a larger one by about a thousand larger pieces, far below the
    // kernel's limit of 65,530 mappings a process (vm.max_map_count).
    private const nuint SmallestPiece = 64 * 1024;
    private const nuint MostPieces = 1024;

    private readonly nuint _length;
    private int _revoked;

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

    /// <summary>Lets go of the device: from here on reads give all ones and writes go nowhere. Any thread; once is enough.</summary>
    public void Revoke()
    {
        if (Interlocked.Exchange(ref _revoked, 1) == 0 && !CoverWithOnes())
        {
            // Short of memory or mappings: private memory of zeroes is one mapping and needs nothing until it is touched.
            CoverWith(Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, NoFile, handle, _length);
        }

        GC.KeepAlive(this);
    }

    protected override bool ReleaseHandle() => Libc.MUnmap(handle, _length) == 0;

    private static readonly SafeFileHandle NoFile = new(-1, ownsHandle: false);

    private bool CoverWithOnes()
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint piece = nuint.Max(SmallestPiece, (_length / MostPieces + page - 1) / page * page);
        using SafeFileHandle ones = Libc.MemfdCreate("vfio-revoked", Libc.MFD_CLOEXEC);
        if (ones.IsInvalid || !FillWithOnes(ones, nuint.Min(piece, _length)))
        {
            return false;
        }

        for (nuint at = 0; at < _length; at += piece)
        {
            if (!CoverWith(Libc.MAP_PRIVATE, ones, handle + (nint)at, nuint.Min(piece, _length - at)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool CoverWith(int flags, SafeFileHandle file, nint address, nuint length) =>
        Libc.MMap(address, length, Libc.PROT_READ | Libc.PROT_WRITE, flags | Libc.MAP_FIXED, file, 0) != Libc.MAP_FAILED;

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
