using System.Globalization;

namespace Vfio;

/// <summary>Explains why the kernel refused to map memory, and what to do.</summary>
internal static class MapErrors
{
    private const string EntryLimit = "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit";

    public static VfioException Explain(string call, ulong iova, ulong length, int errno) =>
        new(call, Describe(iova, length), errno, errno switch
        {
            Errno.ENOMEM => ExplainLockedMemory(length),
            Errno.ENOSPC => "the container's table of mappings is full: map fewer and larger buffers, or raise the "
                + $"limit before opening: echo 262144 | sudo tee {EntryLimit}",
            Errno.EFAULT =>
                "the memory does not exist, cannot be pinned, or is read-only for this process",
            Errno.EPERM => "the IOVA is in a range that the IOMMU reserves",
            Errno.EINVAL => "the IOVA is outside the ranges that the devices of this address space can use",
            _ => null,
        });

    public static string Describe(ulong iova, ulong length) =>
        string.Create(CultureInfo.InvariantCulture, $"IOVA 0x{iova:x} (0x{length:x} bytes)");

    // Pinned memory counts against RLIMIT_MEMLOCK: that of the process with type1, that of the user with iommufd.
    private static string ExplainLockedMemory(ulong length)
    {
        LockedMemory locked = LockedMemory.Read();
        if (locked.Limit is not ulong limit)
        {
            return "the host has not enough free memory to pin";
        }

        // Twice what is needed, in whole MiB.
        ulong wanted = (((locked.Used + length) >> 20) + 1) << 21;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"this process may lock {limit / 1024} KiB (RLIMIT_MEMLOCK) and has locked {locked.Used / 1024}: in the "
            + $"shell that starts it, sudo prlimit --pid $$ --memlock={wanted}; for good: LimitMEMLOCK= of the "
            + $"service, or memlock in /etc/security/limits.conf");
    }
}
