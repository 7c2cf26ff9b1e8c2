using System.Globalization;

namespace Vfio.Host;

/// <summary>What limits the memory that devices may reach.</summary>
internal static class MemoryJudge
{
    // The kernel's default for type1.
    private const uint UsualEntries = 65535;

    // Less is what systems give out unasked (64 KiB, 8 MiB), and what buffers of a fast card's queues go beyond.
    private const ulong EnoughLocked = 64 << 20;

    public static IEnumerable<Finding> Judge(HostFacts host)
    {
        yield return JudgeLocked(host);
        if (host.EntryLimit is uint entries)
        {
            yield return entries >= UsualEntries
                ? Fine(FindingTopic.DmaEntries, string.Create(CultureInfo.InvariantCulture, $"a container (type1) may have {entries} mappings"))
                : new Finding(FindingTopic.DmaEntries, FindingLevel.Warning, string.Create(CultureInfo.InvariantCulture, $"a container (type1) may have {entries} mappings only"))
                {
                    Reason = "one more fails with ENOSPC; 65535 is the kernel's default",
                    Command = "echo 65535 | sudo tee /sys/module/vfio_iommu_type1/parameters/dma_entry_limit",
                    Advice = "until the next start; containers that are open keep their limit",
                };
        }

        yield return JudgeHugePages(host.HugePages);
    }

    private static Finding JudgeLocked(HostFacts host)
    {
        const FindingTopic Topic = FindingTopic.LockedMemory;
        if (host.IsRoot)
        {
            return Fine(Topic, "root may lock as much memory as there is");
        }

        if (host.LockingUse is not LockedMemoryUse memory)
        {
            return new Finding(Topic, FindingLevel.Unknown, "how much memory this user's programs may lock: /proc/self does not say");
        }

        return memory.Limit is not ulong limit ? Fine(Topic, "this user's programs may lock memory without limit")
            : limit >= EnoughLocked ? Fine(Topic, $"this user's programs may lock {Size(limit)}")
            : new Finding(Topic, FindingLevel.Warning, $"this user's programs may lock {Size(limit)} of memory only")
            {
                Reason = "memory that devices reach stays in place and counts as locked: beyond the limit mappings fail with ENOMEM",
                Command = "sudo prlimit --pid $$ --memlock=unlimited",
                Advice = "for this shell and what it starts; for good: 'USER - memlock unlimited' in /etc/security/limits.conf, LimitMEMLOCK= in a service",
            };
    }

    private static Finding JudgeHugePages(IReadOnlyList<HugePagePool> pools)
    {
        const FindingTopic Topic = FindingTopic.HugePages;
        HugePagePool[] reserved = [.. pools.Where(pool => pool.Total != 0)];
        if (reserved.Length == 0)
        {
            return Fine(Topic, "none are reserved; large buffers want them: sudo sysctl vm.nr_hugepages=512");
        }

        string what = string.Join(", ", reserved.Select(pool => string.Create(CultureInfo.InvariantCulture, $"{pool.Free} of {pool.Total} of {Size(pool.KiB << 10)} are free")));
        return Array.Exists(reserved, pool => pool.Free != 0) ? Fine(Topic, what) : new Finding(Topic, FindingLevel.Info, what)
        {
            Reason = "further buffers of huge pages fail with ENOMEM; programs that were killed leave files of such pages behind",
            Advice = "see what is left in /dev/hugepages; more, where there is memory for it: sysctl vm.nr_hugepages",
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
