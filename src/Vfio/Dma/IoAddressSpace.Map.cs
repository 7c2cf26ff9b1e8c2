using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

// Mappings of the caller's memory, of files and of other devices; and their end.
public sealed partial class IoAddressSpace
{
    /// <summary>
    /// Maps memory of the caller, so that the devices can access it. Until it is unmapped:
    /// <list type="bullet">
    /// <item>It stays mapped in this process, and is not freed, moved or given to another owner.</item>
    /// <item>What the device may write can change at any time: copy it, then check the copy and use nothing
    /// else.</item>
    /// <item>What the device may read is complete before it is told of it, and is not changed until it has read
    /// it.</item>
    /// <item>Only single aligned loads and stores are seen whole by the other side; a lock in such memory does not work
    /// against a device.</item>
    /// </list>
    /// </summary>
    /// <param name="address">
    /// The start in this process; a multiple of the page size. Never memory of the managed heap: an IOMMU maps whole
    /// pages, a managed object shares its page with others, and it can move. <see cref="DmaPool.Bounce"/> copies such
    /// memory.
    /// </param>
    /// <param name="length">The length in bytes; a multiple of the page size, more than 0.</param>
    /// <param name="access">What the device may do with the memory.</param>
    /// <param name="at">
    /// The IOVA, a multiple of the page size; <see langword="null"/> to let the library choose it.
    /// </param>
    /// <param name="owner">The owner, for the ledger; <see langword="null"/> for the source line of the call.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>
    /// The mapping. The caller owns it, and keeps the memory mapped in the process until it is disposed.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// Something is not a multiple of the page size, the length is 0, the range extends beyond the last address, or no
    /// access was passed.
    /// </exception>
    /// <exception cref="InvalidOperationException">No device is in the address space.</exception>
    /// <exception cref="ObjectDisposedException">The address space has ended.</exception>
    /// <exception cref="VfioException">
    /// The requested addresses are in use (EEXIST) or not usable (EINVAL), or none are free (ENOSPC); the memory does
    /// not exist (EFAULT); the process may not lock so much memory (ENOMEM); or there are too many mappings (ENOSPC).
    /// The hint says what to do.
    /// </exception>
    public DmaMapping Map(
        nint address, ulong length, DmaAccess access = DmaAccess.ReadWrite, Iova? at = null, string? owner = null,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckLength(length);
        CheckAccess(access);
        CheckMultiple((ulong)address, nameof(address));
        CheckAddress(at, length, PageSize);
        ulong start = (ulong)address;
        if (start == 0 || start > ulong.MaxValue - (length - 1))
        {
            throw MapErrors.Explain("map", at?.Value ?? 0, length, Errno.EFAULT);
        }

        return Map(
            new Request(address, length, access, at, PageSize, MostBits, Keep: null, owner, file, line), _mapMemory);
    }

    /// <summary>
    /// Maps a part of a file that is in memory (a memfd, or a file of a tmpfs or hugetlbfs), so that the devices can
    /// access it. Other processes that map the file see the same bytes.
    /// </summary>
    /// <param name="file">
    /// The file, open for reading and writing. The caller keeps it, and can close it when this returns. If another
    /// process shortens it later, an access of this process beyond the new end causes a bus error, which ends this
    /// process: seal a memfd that others have (<c>F_SEAL_SHRINK</c>).
    /// </param>
    /// <param name="offset">The offset in the file in bytes; a multiple of the page size.</param>
    /// <param name="length">The length in bytes; a multiple of the page size, more than 0, and within the file.</param>
    /// <param name="access">What the device may do with it.</param>
    /// <param name="at">The IOVA; <see langword="null"/> to let the library choose it.</param>
    /// <param name="owner">The owner, for the ledger; <see langword="null"/> for the source line of the call.</param>
    /// <param name="sourceFile">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The buffer, whose content is that of the file; the caller owns it.</returns>
    /// <inheritdoc cref="Map(nint, ulong, DmaAccess, Iova?, string?, string, int)"/>
    public DmaBuffer Map(
        SafeFileHandle file,
        ulong offset,
        ulong length,
        DmaAccess access = DmaAccess.ReadWrite,
        Iova? at = null,
        string? owner = null,
        [CallerFilePath] string sourceFile = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(file);
        CheckLength(length);
        CheckAccess(access);
        CheckMultiple(offset, nameof(offset));
        CheckAddress(at, length, PageSize);
        BufferMemory memory = BufferMemory.MapFile(_calls, file, offset, length);
        try
        {
            Request request = new(
                memory.Address, length, access, at, PageSize, MostBits, memory, owner, sourceFile, line);
            return new DmaBuffer(Map(request, _mapMemory), memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Maps memory of another device, so that the devices can access it peer to peer, if the kernel supports it: type1
    /// does, and iommufd with files of a device's memory (<c>VFIO_DEVICE_FEATURE_DMA_BUF</c>, Linux 6.19). Whether the
    /// transfers arrive depends on the platform's bridges.
    /// </summary>
    /// <param name="region">
    /// A mapped region of the other device. Disposing it, or its device, disposes the mapping.
    /// </param>
    /// <param name="offset">The offset in the region in bytes; a multiple of the page size.</param>
    /// <param name="length">The length in bytes; a multiple of the page size, more than 0.</param>
    /// <param name="access">What the device may do with it.</param>
    /// <param name="at">The IOVA; <see langword="null"/> to let the library choose it.</param>
    /// <param name="owner">The owner, for the ledger; <see langword="null"/> for the source line of the call.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The mapping; the caller owns it.</returns>
    /// <exception cref="NotSupportedException">
    /// That part of the region is not mapped, or the kernel does not support it.
    /// </exception>
    /// <inheritdoc cref="Map(nint, ulong, DmaAccess, Iova?, string?, string, int)"/>
    public DmaMapping Map(
        Region region,
        ulong offset,
        ulong length,
        DmaAccess access = DmaAccess.ReadWrite,
        Iova? at = null,
        string? owner = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(region);
        CheckLength(length);
        CheckAccess(access);
        CheckMultiple(offset, nameof(offset));
        CheckAddress(at, length, PageSize);
        nint start = region.FindMapped(offset, length)
            ?? throw new NotSupportedException($"0x{length:x} bytes at {region.Index.Describe()}+0x{offset:x} are not "
                + $"mapped: other devices can access only the mapped memory of a region");
        Request request = new(start, length, access, at, PageSize, MostBits, region, owner, file, line);
        DmaMapping mapping = Map(request, (in Request request, ulong iova) =>
        {
            if (!_backend!.TryMapDeviceMemory(iova, () => region.TryExport(offset, length), length, request.Access))
            {
                MapMemory(in request, iova);
            }
        });
        if (!region.TryLend(mapping.Dispose))
        {
            mapping.Dispose();
            ObjectDisposedException.ThrowIf(true, region);
        }

        return mapping;
    }

    internal void Unmap(DmaMapping mapping)
    {
        lock (_lock)
        {
            // When the address space has ended, all its mappings have ended.
            if (mapping.IsLive && !_isClosed)
            {
                UnmapLocked(mapping);
            }
        }
    }

    private void UnmapLocked(DmaMapping mapping)
    {
        if (IsMappedByBackend)
        {
            try
            {
                _backend.Unmap(mapping.First, mapping.Length);
            }
            catch (VfioException) when (!IsMappedByBackend)
            {
                // The last device left meanwhile, and the backend dropped all mappings.
            }
        }

        _ledger.Remove(mapping);
        mapping.End();
    }

    // A mapping that the backend refuses to unmap stays in the ledger.
    private void TryUnmapAll()
    {
        try
        {
            if (_ledger.Count != 0 && (!IsMappedByBackend || _backend.TryUnmapAll()))
            {
                EndAll();
            }

            while (_ledger.Live is [.., DmaMapping last])
            {
                UnmapLocked(last);
            }
        }
        catch (Exception e) when (e is VfioException or ObjectDisposedException)
        {
            // Closing the backend's address space unmaps the rest.
        }
    }

    private DmaMapping Map(in Request request, Mapper map)
    {
        lock (_lock)
        {
            _ = CheckInUse();
            ulong iova = request.At is Iova at ? CheckPlace(at.Value, request) : FindPlace(request);
            map(in request, iova);
            DmaMapping mapping = new(
                this, iova, request.Address, request.Length, request.Access, request.Keep, request.Owner, request.File,
                request.Line);
            _ledger.Add(mapping);
            return mapping;
        }
    }

    private void MapMemory(in Request request, ulong iova) =>
        _backend!.Map(iova, request.Address, request.Length, request.Access);

    private ulong FindPlace(in Request request)
    {
        int bits = BitsOf(request);
        // Aligned to its size, a large transfer can use one entry of the IOMMU's cache.
        return _ledger.TryPlace(_ranges, request.Length, request.Alignment, LastOf(bits), out ulong iova)
            ? iova
            : throw new VfioException(
                "map",
                $"0x{request.Length:x} bytes",
                Errno.ENOSPC,
                $"no IOVA of {bits} bits is free; usable are {string.Join(", ", _ranges)}");
    }

    private ulong CheckPlace(ulong iova, in Request request)
    {
        ulong length = request.Length;
        int bits = BitsOf(request);
        ulong last = iova + (length - 1);
        if (_ledger.FindOverlap(iova, last) is DmaMapping other)
        {
            throw DmaLedger.Taken(other, iova, length);
        }

        return CheckRange(iova, length, bits);
    }

    private ulong CheckRange(ulong iova, ulong length, int bits)
    {
        ulong last = iova + (length - 1);
        if (last > LastOf(bits) || !_ranges.Any(range => range.Contains(iova, last)))
        {
            string limit = bits < MostBits ? $", with an address width of {bits} bits" : "";
            throw new VfioException(
                "map",
                MapErrors.Describe(iova, length),
                Errno.EINVAL,
                $"usable addresses are {string.Join(", ", _ranges)}{limit}");
        }

        return iova;
    }

    private int BitsOf(in Request request) => Math.Min(_bits, request.Bits);

    private static ulong LastOf(int bits) => ulong.MaxValue >> (MostBits - bits);

    private void CheckLength(ulong length)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        CheckMultiple(length, nameof(length));
    }

    private void CheckMultiple(ulong value, string name)
    {
        if ((value & (PageSize - 1)) != 0)
        {
            throw new ArgumentException(
                $"0x{value:x} is not a multiple of the page size, 0x{PageSize:x}: an IOMMU maps whole pages", name);
        }
    }

    private static void CheckAddress(Iova? at, ulong length, ulong page)
    {
        if (at is not Iova iova)
        {
            return;
        }

        if ((iova.Value & (page - 1)) != 0)
        {
            throw new ArgumentException(
                $"{iova} is not a multiple of the page size, 0x{page:x}: an IOMMU maps whole pages", nameof(at));
        }

        if (iova.Value > ulong.MaxValue - (length - 1))
        {
            throw new ArgumentException($"0x{length:x} bytes at {iova} extend beyond the last address", nameof(at));
        }
    }

    private delegate void Mapper(in Request request, ulong iova);

    private readonly record struct Request(
        nint Address,
        ulong Length,
        DmaAccess Access,
        Iova? At,
        ulong Alignment,
        int Bits,
        object? Keep,
        string? Owner,
        string File,
        int Line);
}
