using System.Globalization;

namespace Vfio.Host;

/// <summary>
/// The memory that a process has locked and pinned, and its limit. Memory for DMA is pinned and counts.
/// </summary>
internal sealed record LockedMemoryUse
{
    /// <summary>
    /// The bytes that count against the limit (<c>VmLck</c>); type1 counts the memory that it pins here.
    /// </summary>
    public required ulong LockedBytes { get; init; }

    /// <summary>The bytes that are pinned besides (<c>VmPin</c>), as iommufd counts them.</summary>
    public required ulong PinnedBytes { get; init; }

    /// <summary>
    /// The greatest number of bytes that it may lock (<c>RLIMIT_MEMLOCK</c>, soft); <see langword="null"/> for no
    /// limit. It does not apply to root.
    /// </summary>
    public required ulong? Limit { get; init; }
}

/// <summary>
/// Reads the limits on memory for DMA from outside a process: a parameter of the kernel, and a process's procfs files.
/// The mappings themselves are known only to the process that has the device open
/// (<see cref="IoAddressSpace.GetMappings"/>).
/// </summary>
/// <remarks>Each call reads again. Thread-safe.</remarks>
internal sealed class DmaLimits
{
    private const string LimitKey = "Max locked memory";

    private readonly HostRoot _host;

    /// <summary>Creates an instance for the running host.</summary>
    public DmaLimits()
        : this(HostRoot.Default)
    {
    }

    /// <summary>Creates an instance for a given host.</summary>
    /// <param name="host">Where its <c>/sys</c> and <c>/proc</c> are.</param>
    public DmaLimits(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
    }

    /// <summary>
    /// Reads how many mappings a type1 container may have (<c>vfio_iommu_type1.dma_entry_limit</c>). iommufd has no
    /// such limit.
    /// </summary>
    /// <returns>The number; <see langword="null"/> if that module is not loaded.</returns>
    public uint? ReadEntryLimit() =>
        SysfsFile.ReadNumber(_host.Combine("sys/module/vfio_iommu_type1/parameters/dma_entry_limit")) is long
            and >= 0
            and <= uint.MaxValue
            and long limit
            ? (uint)limit
            : null;

    /// <summary>Reads how much memory a process has locked and pinned, and its limit.</summary>
    /// <param name="processId">The process.</param>
    /// <returns>The numbers; <see langword="null"/> if procfs does not show this user all of them.</returns>
    public LockedMemoryUse? ReadLockedMemory(int processId) =>
        ReadLockedMemory(processId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Reads the numbers of a process.</summary>
    /// <param name="process">Its folder below <c>/proc</c>: the process ID, or <c>self</c>.</param>
    internal LockedMemoryUse? ReadLockedMemory(string process)
    {
        string folder = _host.Combine($"proc/{process}");
        ulong? locked = null;
        ulong? pinned = null;
        foreach (string line in SysfsFile.ReadLines(Path.Combine(folder, "status")))
        {
            locked ??= LockedMemory.ParseLocked(line);
            pinned ??= LockedMemory.ParsePinned(line);
        }

        string? limit = Array.Find(
            SysfsFile.ReadLines(Path.Combine(folder, "limits")),
            line => line.StartsWith(LimitKey, StringComparison.Ordinal));
        return locked is ulong known && limit is not null && TryParseLimit(limit[LimitKey.Length..], out ulong? most)
            ? new LockedMemoryUse { LockedBytes = known, PinnedBytes = pinned ?? 0, Limit = most }
            : null;
    }

    // "Max locked memory         8388608              8388608              bytes"; the first number is the soft limit.
    private static bool TryParseLimit(string columns, out ulong? limit)
    {
        string? soft = columns.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .FirstOrDefault();
        limit = ulong.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
        return limit is not null || soft == "unlimited";
    }
}
