using System.Globalization;

namespace Vfio.Interop;

/// <summary>How much memory this process has locked or pinned, and may.</summary>
/// <param name="Used">Bytes that count against the limit (<c>VmLck</c> in <c>/proc/self/status</c>, where type1 counts what it pins) and those pinned besides (<c>VmPin</c>, where iommufd does).</param>
/// <param name="Limit">Bytes (RLIMIT_MEMLOCK, soft); null where there is no limit.</param>
internal readonly record struct LockedMemory(ulong Used, ulong? Limit)
{
    private const ulong KiB = 1024;

    public static LockedMemory Read()
    {
        ulong used = 0;
        try
        {
            foreach (string line in File.ReadLines("/proc/self/status"))
            {
                if (line.StartsWith("VmLck:", StringComparison.Ordinal) || line.StartsWith("VmPin:", StringComparison.Ordinal))
                {
                    used += ulong.TryParse(line[6..^2].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong amount) ? amount * KiB : 0;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without procfs the limit alone can be told.
        }

        ulong? limit = Libc.GetRLimit(Libc.RLIMIT_MEMLOCK, out Libc.rlimit value) == 0 && value.rlim_cur != ulong.MaxValue ? value.rlim_cur : null;
        return new LockedMemory(used, limit);
    }
}
