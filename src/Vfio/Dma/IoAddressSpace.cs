using System.Runtime.CompilerServices;

namespace Vfio;

/// <summary>
/// Represents the addresses at which one or more devices access memory: an IOAS of iommufd, a container of type1.
/// Devices can access nothing until it is allocated or mapped here.
/// </summary>
/// <remarks>
/// <para>
/// Opening a device makes one, unless <see cref="VfioOpenOptions.AddressSpace"/> names one that exists; devices of one
/// IOMMU group must share theirs. It ends with its last device: what is still mapped is unmapped and reported in
/// <see cref="Leaks"/>.
/// </para>
/// <para>
/// One made by <see cref="Create"/> outlives its devices, so that buffers stay valid at their IOVA from one device to
/// the next. It takes its backend, ranges and page size from the first device that opens into it; a device that needs
/// another backend cannot join. While no device is in it, nothing can be allocated or mapped, but memory can be
/// unmapped.
/// </para>
/// <para>
/// Any thread may use it at any time. Mapping and unmapping are system calls that pin and release memory: a driver maps
/// memory when it is set up.
/// </para>
/// </remarks>
public sealed partial class IoAddressSpace : IDisposable
{
    private const int LeastBits = 12;
    private const int MostBits = 64;

    private readonly SystemCalls _calls;
    private readonly Lock _lock = new();
    private readonly DmaLedger _ledger = new();
    private readonly Mapper _mapMemory;
    private IovaRange[] _ranges = [];
    private int _bits = MostBits;

    internal IoAddressSpace(IAddressSpaceBackend? backend, SystemCalls calls)
    {
        (_backend, _calls) = (backend, calls);
        _mapMemory = MapMemory; // once, not for each mapping
    }

    /// <summary>
    /// The usable addresses, sorted and disjoint: without what the platform reserves and what the IOMMU cannot
    /// translate. A device that joins may remove some. Empty before the first device.
    /// </summary>
    public IReadOnlyList<IovaRange> Ranges
    {
        get
        {
            lock (_lock)
            {
                return _ranges;
            }
        }
    }

    /// <summary>
    /// Gets what addresses and lengths are multiples of, in bytes: the larger of the host's page and the IOMMU's
    /// smallest.
    /// </summary>
    public ulong PageSize { get; private set; } = (ulong)Environment.SystemPageSize;

    /// <summary>Gets how many bits an address may have, by what its drivers said; 64 unless one said less.</summary>
    public int AddressWidth
    {
        get
        {
            lock (_lock)
            {
                return _bits;
            }
        }
    }

    /// <summary>
    /// Gets what was still mapped when the address space ended; empty before that. Each is a buffer or a mapping that
    /// was not disposed, or that the kernel refused to unmap.
    /// </summary>
    public IReadOnlyList<DmaMappingInfo> Leaks { get; private set; } = [];

    /// <summary>Gets whether nothing is mapped.</summary>
    internal bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _ledger.Count == 0;
            }
        }
    }

    /// <summary>Makes an address space without a device, to outlive the devices that open into it.</summary>
    /// <returns>The address space; the caller owns it, and opens devices into it
    /// (<see cref="VfioOpenOptions.AddressSpace"/>).</returns>
    public static IoAddressSpace Create() => new(backend: null, new SystemCalls()) { _isOwned = true };

    /// <summary>
    /// Limits addresses to those that a device with fewer than 64 address bits can use: buffers that are allocated and
    /// mapped from now on fit them. Existing mappings keep their addresses.
    /// </summary>
    /// <param name="bits">How many bits its addresses have, 12 to 64; edu has 28. Of several calls the least
    /// counts.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 12 or more than 64.</exception>
    public void LimitAddressWidth(int bits)
    {
        CheckBits(bits);
        lock (_lock)
        {
            _bits = Math.Min(_bits, bits);
        }
    }

    /// <summary>Allocates memory that the devices can access.</summary>
    /// <param name="length">Bytes, more than 0; rounded up to whole pages.</param>
    /// <param name="options">What kind of memory, and where.</param>
    /// <param name="file">Filled in by the compiler: the ledger tells who asked.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The buffer, zeroed; the caller owns it.</returns>
    /// <exception cref="ArgumentException">A length of 0, an address that is not a multiple of the page size, no
    /// access, a number of bits outside 12 to 64.</exception>
    /// <exception cref="InvalidOperationException">No device is in the address space.</exception>
    /// <exception cref="ObjectDisposedException">The address space has ended.</exception>
    /// <exception cref="VfioException">
    /// The addresses wanted are taken (EEXIST) or not usable (EINVAL), there are no free ones (ENOSPC); the process may
    /// not lock so much memory, there are too few huge pages (ENOMEM), or the host has none of that size (EINVAL); too
    /// many mappings (ENOSPC). The hint says what to do.
    /// </exception>
    public DmaBuffer Allocate(
        ulong length,
        DmaBufferOptions? options = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        options ??= new DmaBufferOptions();
        ArgumentOutOfRangeException.ThrowIfZero(length);
        CheckAccess(options.Access);
        int bits = options.AddressWidth ?? MostBits;
        CheckBits(bits);
        ulong page = Math.Max(PageSize, BufferMemory.SizeOf(options.PageSize));
        if (length > ulong.MaxValue - (page - 1))
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, "the length exceeds all memory");
        }

        length = (length + (page - 1)) & ~(page - 1);
        CheckAddress(options.At, length, page);
        lock (_lock)
        {
            _ = CheckInUse(); // before memory is taken from the host
        }

        BufferMemory memory = BufferMemory.Allocate(_calls, length, options.PageSize, options.NumaNode);
        try
        {
            Request request = new(
                memory.Address, length, options.Access, options.At, page, bits, memory, options.Owner, file, line);
            return new DmaBuffer(Map(request, _mapMemory), memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Makes a pool of equal blocks that the devices can reach.</summary>
    /// <param name="blockLength">Bytes in a block, 1 or more. Blocks begin at multiples of 64 bytes.</param>
    /// <param name="count">How many blocks, 1 or more.</param>
    /// <param name="options">What kind of memory, and where.</param>
    /// <param name="file">Filled in by the compiler: the ledger tells who asked.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The pool; the caller owns it.</returns>
    /// <inheritdoc cref="Allocate"/>
    public DmaPool AllocatePool(
        int blockLength,
        int count,
        DmaBufferOptions? options = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new DmaPool(
            Allocate(DmaPool.Stride(blockLength) * (ulong)count, options, file, line), blockLength, count);
    }

    /// <summary>
    /// A copy of memory that devices cannot reach, in a buffer of its own, for one transfer.
    /// <see cref="DmaPool.Bounce"/> does the same without system calls.
    /// </summary>
    /// <param name="data">The caller's memory: any span, of the managed heap too.</param>
    /// <param name="access">What the device is to do: what it writes is copied back at disposal.</param>
    /// <param name="file">Filled in by the compiler: the ledger tells who asked.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The copy; dispose it when the transfer has ended.</returns>
    /// <inheritdoc cref="Allocate"/>
    public DmaBounce Bounce(
        Span<byte> data, DmaAccess access, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(data, access, Allocate((ulong)data.Length, new DmaBufferOptions { Access = access }, file, line));

    /// <summary>Every live mapping, by address.</summary>
    /// <returns>A snapshot.</returns>
    public IReadOnlyList<DmaMappingInfo> GetMappings()
    {
        lock (_lock)
        {
            return Describe(_ledger.Live);
        }
    }

    /// <summary>
    /// Gets what is mapped at an address, or was last: of what is unmapped the latest 256 are remembered.
    /// </summary>
    /// <param name="iova">The address, as the device sees it.</param>
    /// <returns>The mapping; <see langword="null"/> if nothing was.</returns>
    public DmaMappingInfo? Find(Iova iova)
    {
        lock (_lock)
        {
            return _ledger.FindLast(iova.Value)?.Describe(Environment.TickCount64);
        }
    }

    /// <summary>Gets how much is mapped, and how much may be.</summary>
    /// <returns>A snapshot.</returns>
    /// <exception cref="ObjectDisposedException">The address space has ended.</exception>
    public DmaUsage GetUsage()
    {
        LockedMemory locked = LockedMemory.Read();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            return new DmaUsage
            {
                Mappings = _ledger.Count,
                Bytes = _ledger.Bytes,
                PeakMappings = _ledger.MostCount,
                PeakBytes = _ledger.MostBytes,
                EntriesLeft = _open == 0 ? null : _backend!.GetInfo().EntriesLeft,
                LockedBytes = locked.Used,
                LockedLimit = locked.Limit,
            };
        }
    }

    private static DmaMappingInfo[] Describe(IReadOnlyList<DmaMapping> mappings)
    {
        long now = Environment.TickCount64;
        return [.. mappings.Select(mapping => mapping.Describe(now))];
    }

    private static void CheckBits(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, LeastBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, MostBits);
    }

    internal static void CheckAccess(DmaAccess access)
    {
        if (access is DmaAccess.None || (access & ~DmaAccess.ReadWrite) != 0)
        {
            throw new ArgumentException("a mapping lets the device read, write, or both", nameof(access));
        }
    }
}
