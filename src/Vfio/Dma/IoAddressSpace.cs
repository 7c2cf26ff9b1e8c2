using System.Runtime.CompilerServices;

namespace Vfio;

/// <summary>
/// Represents the addresses (IOVA) at which one or more devices access memory: an IOAS of iommufd, or a container of
/// type1. Devices can access no memory that was not allocated or mapped here.
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
        _mapMemory = MapMemory; // computed once, not for each mapping
    }

    /// <summary>
    /// Gets the usable addresses, sorted and disjoint: without those that the platform reserves or the IOMMU cannot
    /// translate. A device that joins can remove some. Empty before the first device.
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
    /// Gets the number of which addresses and lengths are multiples, in bytes: the larger of the host's page size and
    /// the IOMMU's smallest.
    /// </summary>
    public ulong PageSize { get; private set; } = (ulong)Environment.SystemPageSize;

    /// <summary>
    /// Gets the maximum width of an address in bits: the smallest that <see cref="LimitAddressWidth"/> set, or 64.
    /// </summary>
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

    /// <summary>Creates an address space without a device, which outlives the devices that open into it.</summary>
    /// <returns>
    /// The address space. The caller owns it, and opens devices into it (<see cref="VfioOpenOptions.AddressSpace"/>).
    /// </returns>
    public static IoAddressSpace Create() => new(backend: null, new SystemCalls()) { _isOwned = true };

    /// <summary>
    /// Limits addresses to those that a device with fewer than 64 address bits can use: buffers that are allocated and
    /// mapped from now on fit them. Existing mappings keep their addresses.
    /// </summary>
    /// <param name="bits">
    /// The address width, 12 to 64 bits; edu has 28. If it is called several times, the smallest counts.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The width is less than 12 or more than 64.</exception>
    public void LimitAddressWidth(int bits)
    {
        CheckBits(bits);
        lock (_lock)
        {
            _bits = Math.Min(_bits, bits);
        }
    }

    /// <summary>Allocates memory that the devices can access.</summary>
    /// <param name="length">The length in bytes, more than 0; rounded up to whole pages.</param>
    /// <param name="options">The kind of memory, and its address.</param>
    /// <param name="file">Filled in by the compiler, for the ledger.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The buffer, zeroed; the caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// The length is 0, the address is not a multiple of the page size, no access was passed, or the address width is
    /// outside 12 to 64.
    /// </exception>
    /// <exception cref="InvalidOperationException">No device is in the address space.</exception>
    /// <exception cref="ObjectDisposedException">The address space has ended.</exception>
    /// <exception cref="VfioException">
    /// The requested addresses are in use (EEXIST) or not usable (EINVAL), or none are free (ENOSPC); the process may
    /// not lock so much memory, or there are too few huge pages (ENOMEM); the host has no pages of that size (EINVAL);
    /// or there are too many mappings (ENOSPC). The hint says what to do.
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
            _ = CheckInUse(); // checked before the host's memory is allocated
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

    /// <inheritdoc cref="Allocate(ulong, DmaBufferOptions?, string, int)"/>
    public DmaBuffer Allocate(
        int length,
        DmaBufferOptions? options = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return Allocate((ulong)length, options, file, line);
    }

    /// <summary>Allocates a ring of entries that the devices can access, in a buffer of its own.</summary>
    /// <typeparam name="T">An entry; see <see cref="DmaRing{T}"/>.</typeparam>
    /// <param name="count">The number of entries, 1 or more.</param>
    /// <param name="options">The kind of memory, and its address.</param>
    /// <param name="file">Filled in by the compiler, for the ledger.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The ring, zeroed; the caller owns it.</returns>
    /// <inheritdoc cref="Allocate(ulong, DmaBufferOptions?, string, int)"/>
    public DmaRing<T> AllocateRing<T>(
        int count,
        DmaBufferOptions? options = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where T : unmanaged
    {
        AccessErrors.ThrowIfBigEndian();
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        DmaBuffer buffer = Allocate((ulong)count * (ulong)Unsafe.SizeOf<T>(), options, file, line);
        return new DmaRing<T>(buffer, count);
    }

    /// <summary>Creates a pool of equal blocks that the devices can access.</summary>
    /// <param name="blockLength">
    /// The length of a block in bytes, 1 or more. Blocks follow each other from the start of a page on, at multiples of
    /// 64 bytes: those whose length is a power of two do not cross a boundary of that length, up to the page size.
    /// </param>
    /// <param name="count">The number of blocks, 1 or more.</param>
    /// <param name="options">The kind of memory, and its address.</param>
    /// <param name="threads">Whether only one thread uses the pool, which makes a block cheaper.</param>
    /// <param name="file">Filled in by the compiler, for the ledger.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The pool; the caller owns it.</returns>
    /// <inheritdoc cref="Allocate(ulong, DmaBufferOptions?, string, int)"/>
    public DmaPool AllocatePool(
        int blockLength,
        int count,
        DmaBufferOptions? options = null,
        DmaPoolThreads threads = DmaPoolThreads.Any,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new DmaPool(
            Allocate(DmaPool.Stride(blockLength) * (ulong)count, options, file, line), blockLength, count, threads);
    }

    /// <summary>
    /// Copies memory that devices cannot access into a new buffer, for one transfer. <see cref="DmaPool.Bounce"/> does
    /// the same without system calls.
    /// </summary>
    /// <param name="data">The caller's memory: any span, including one of the managed heap.</param>
    /// <param name="access">What the device will do: what it writes is copied back when the copy is returned.</param>
    /// <param name="file">Filled in by the compiler, for the ledger.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The copy; dispose it when the transfer has ended.</returns>
    /// <inheritdoc cref="Allocate(ulong, DmaBufferOptions?, string, int)"/>
    public DmaBounce Bounce(
        Span<byte> data, DmaAccess access, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(data, access, Allocate((ulong)data.Length, new DmaBufferOptions { Access = access }, file, line));

    /// <summary>Gets all live mappings, by address.</summary>
    /// <returns>A snapshot.</returns>
    public IReadOnlyList<DmaMappingInfo> GetMappings()
    {
        lock (_lock)
        {
            return Describe(_ledger.Live);
        }
    }

    /// <summary>
    /// Gets the mapping at an address, or the last one that was there. The latest 256 mappings that ended are
    /// remembered.
    /// </summary>
    /// <param name="iova">The address, as the device sees it.</param>
    /// <returns>The mapping; <see langword="null"/> if there was none.</returns>
    public DmaMappingInfo? Find(Iova iova)
    {
        lock (_lock)
        {
            return _ledger.FindLast(iova.Value)?.Describe(Environment.TickCount64);
        }
    }

    /// <summary>Gets how much memory is mapped, and the limits.</summary>
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
