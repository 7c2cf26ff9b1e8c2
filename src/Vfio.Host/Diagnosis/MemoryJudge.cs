using System.Globalization;

namespace Vfio.Host;

/// <summary>Judges the limits on memory for DMA.</summary>
internal static class MemoryJudge
{
    // The kernel's default for type1.
    private const uint UsualEntries = 65535;

    // Systems set less by default (64 KiB, 8 MiB), which is not enough for the buffers of a fast card's queues.
    private const ulong EnoughLocked = 64 << 20;

    public static IEnumerable<Finding> Judge(HostFacts host)
    {
        yield return JudgeLocked(host);
        if (host.EntryLimit is uint entries)
        {
            yield return entries >= UsualEntries
                ? Fine(
                    FindingTopic.DmaEntries,
                    string.Create(CultureInfo.InvariantCulture, $"a container (type1) may have {entries} mappings"))
                : new Finding(FindingTopic.DmaEntries, FindingLevel.Warning, string.Create(
                    CultureInfo.InvariantCulture, $"a container (type1) may have only {entries} mappings"))
                {
                    Reason = "a further mapping fails with ENOSPC; the kernel's default is 65535",
                    Command = "echo 65535 | sudo tee /sys/module/vfio_iommu_type1/parameters/dma_entry_limit",
                    Advice = "it holds until the next boot; open containers keep their limit",
                };
        }

        yield return JudgeHugePages(host.HugePages);
    }

    private static Finding JudgeLocked(HostFacts host)
    {
        const FindingTopic Topic = FindingTopic.LockedMemory;
        if (host.IsRoot)
        {
            return Fine(Topic, "root may lock memory without limit");
        }

        if (host.LockingUse is not LockedMemoryUse memory)
        {
            return new Finding(
                Topic,
                FindingLevel.Unknown,
                "how much memory this user's programs may lock is unknown: /proc/self does not report it");
        }

        return memory.Limit is not ulong limit ? Fine(Topic, "this user's programs may lock memory without limit")
            : limit >= EnoughLocked ? Fine(Topic, $"this user's programs may lock {Size(limit)}")
            : new Finding(Topic, FindingLevel.Warning, $"this user's programs may lock only {Size(limit)} of memory")
            {
                Reason = "memory for DMA is pinned and counts as locked; mappings beyond the limit fail with ENOMEM",
                Command = "sudo prlimit --pid $$ --memlock=unlimited",
                Advice = "it holds for this shell and its children; to make it permanent, add 'USER - memlock "
                    + "unlimited' to /etc/security/limits.conf, or LimitMEMLOCK= to a service",
            };
    }

    private static Finding JudgeHugePages(IReadOnlyList<HugePagePool> pools)
    {
        const FindingTopic Topic = FindingTopic.HugePages;
        HugePagePool[] reserved = [.. pools.Where(pool => pool.Total != 0)];
        if (reserved.Length == 0)
        {
            return Fine(Topic, "none are reserved; to reserve some for large buffers: sudo sysctl vm.nr_hugepages=512");
        }

        string what = string.Join(", ", reserved.Select(pool => string.Create(
            CultureInfo.InvariantCulture, $"{pool.Free} of {pool.Total} of {Size(pool.KiB << 10)} are free")));
        return Array.Exists(reserved, pool => pool.Free != 0)
            ? Fine(Topic, what)
            : new Finding(Topic, FindingLevel.Info, what)
            {
                Reason = "further buffers in huge pages fail with ENOMEM; files of killed programs may still use pages",
                Advice = "remove leftover files in /dev/hugepages, or reserve more with sysctl vm.nr_hugepages",
            };
    }

    private static Finding Fine(FindingTopic topic, string what) => new(topic, FindingLevel.Ok, what);

    private static string Size(ulong bytes)
    {
        (ulong value, string unit) = bytes switch
        {
            >= 1 << 30 when bytes % (1 << 30) == 0 => (bytes >> 30, "GiB"),
            >= 1 << 20 when bytes % (1 << 20) == 0 => (bytes >> 20, "MiB"),
            >= 1 << 10 when bytes % (1 << 10) == 0 => (bytes >> 10, "KiB"),
            _ => (bytes, "bytes"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{value} {unit}");
    }
}
