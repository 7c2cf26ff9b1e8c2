using System.Globalization;

namespace Vfio;

/// <summary>Represents how much memory this process has locked or pinned, and how much it may lock.</summary>
/// <param name="Used">
/// The bytes that count against the limit (<c>VmLck</c> in <c>/proc/self/status</c>, where type1 counts what it pins)
/// and those that are pinned in addition (<c>VmPin</c>, where iommufd counts).
/// </param>
/// <param name="Limit">The limit in bytes (RLIMIT_MEMLOCK, soft); null for no limit.</param>
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
                used += (ParseLocked(line) ?? 0) + (ParsePinned(line) ?? 0);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without procfs, only the limit is known.
        }

        ulong? limit = Libc.GetRLimit(Libc.RLIMIT_MEMLOCK, out Libc.rlimit value) == 0
            && value.rlim_cur != ulong.MaxValue
            ? value.rlim_cur
            : null;
        return new LockedMemory(used, limit);
    }

    /// <summary>
    /// Parses the locked bytes in a line of <c>/proc/PID/status</c>; <see langword="null"/> for another line.
    /// </summary>
    public static ulong? ParseLocked(ReadOnlySpan<char> line) => Parse(line, "VmLck:");

    /// <summary>
    /// Parses the pinned bytes in a line of <c>/proc/PID/status</c>; <see langword="null"/> for another line.
    /// </summary>
    public static ulong? ParsePinned(ReadOnlySpan<char> line) => Parse(line, "VmPin:");

    // "VmLck:	      64 kB"
    private static ulong? Parse(ReadOnlySpan<char> line, ReadOnlySpan<char> key)
    {
        const string Unit = "kB";
        return line.StartsWith(key, StringComparison.Ordinal) && line.EndsWith(Unit, StringComparison.Ordinal)
            && ulong.TryParse(
                line[key.Length..^Unit.Length].Trim(),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out ulong amount)
            && amount <= ulong.MaxValue / KiB
            ? amount * KiB
            : null;
    }
}
