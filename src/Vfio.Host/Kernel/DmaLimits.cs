using System.Globalization;

namespace Vfio.Host;

/// <summary>What a process has locked and pinned, and may: memory that devices can reach stays where it is, and counts.</summary>
internal sealed record LockedMemoryUse
{
    /// <summary>Bytes that count against the limit (<c>VmLck</c>); type1 counts here what it pins.</summary>
    public required ulong LockedBytes { get; init; }

    /// <summary>Bytes that are pinned besides (<c>VmPin</c>), as iommufd counts them.</summary>
    public required ulong PinnedBytes { get; init; }

    /// <summary>How many it may lock (<c>RLIMIT_MEMLOCK</c>, soft), in bytes; <see langword="null"/> where there is no limit. Root is not held to it.</summary>
    public required ulong? Limit { get; init; }
}

/// <summary>
/// What limits the memory that devices reach, seen from outside: the kernel's parameter, and procfs of a process. The ledger itself is in the
/// process that has the device (<see cref="IoAddressSpace.GetMappings"/>).
/// </summary>
/// <remarks>Each call looks afresh. Any thread.</remarks>
internal sealed class DmaLimits
{
    private const string LimitKey = "Max locked memory";

    private readonly HostRoot _host;

    /// <summary>The running host's limits.</summary>
    public DmaLimits()
        : this(HostRoot.Default)
    {
    }

    /// <summary>The limits of a host whose files are somewhere else.</summary>
    /// <param name="host">Where its <c>/sys</c> and <c>/proc</c> are.</param>
    public DmaLimits(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
    }

    /// <summary>How many mappings a type1 container may have (<c>vfio_iommu_type1.dma_entry_limit</c>); iommufd has no such limit.</summary>
    /// <returns>The number; <see langword="null"/> where that module is not loaded.</returns>
    public uint? ReadEntryLimit() =>
        SysfsFile.ReadNumber(_host.Combine("sys/module/vfio_iommu_type1/parameters/dma_entry_limit")) is long and >= 0 and <= uint.MaxValue and long limit ? (uint)limit : null;

    /// <summary>What a process has locked and pinned, and may.</summary>
    /// <param name="processId">The process.</param>
    /// <returns>The numbers; <see langword="null"/> where procfs does not tell this user all of them.</returns>
    public LockedMemoryUse? ReadLockedMemory(int processId) => ReadLockedMemory(processId.ToString(CultureInfo.InvariantCulture));

    /// <param name="process">Its folder below <c>/proc</c>: the number, or <c>self</c>.</param>
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

        string? limit = Array.Find(SysfsFile.ReadLines(Path.Combine(folder, "limits")), line => line.StartsWith(LimitKey, StringComparison.Ordinal));
        return locked is ulong known && limit is not null && TryParseLimit(limit[LimitKey.Length..], out ulong? most)
            ? new LockedMemoryUse { LockedBytes = known, PinnedBytes = pinned ?? 0, Limit = most }
            : null;
    }

    // "Max locked memory         8388608              8388608              bytes"; the first number is the soft limit.
    private static bool TryParseLimit(string columns, out ulong? limit)
    {
        string? soft = columns.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
        limit = ulong.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
        return limit is not null || soft == "unlimited";
    }
}
