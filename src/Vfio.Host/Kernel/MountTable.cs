namespace Vfio.Host;

/// <summary>Which file systems are mounted where, as this process sees it.</summary>
internal static class MountTable
{
    /// <summary>Finds the mount that a path is on.</summary>
    /// <returns>Where it is mounted, and whether nothing can be written to it; <see langword="null"/> where the table does not say.</returns>
    public static (string Place, bool IsReadOnly)? Find(HostRoot host, string path)
    {
        (string Place, bool IsReadOnly)? found = null;
        // proc(5): id parent major:minor root mountpoint options … - type source options
        foreach (string line in SysfsFile.ReadLines(host.Combine("proc/self/mountinfo")))
        {
            string[] fields = line.Split(' ');
            // What is mounted later over the same place hides what was there.
            if (fields.Length > 5 && IsAbove(fields[4], path) && (found is null || fields[4].Length >= found.Value.Place.Length))
            {
                found = (fields[4], fields[5].Split(',').Contains("ro") || Array.IndexOf(fields, "-") is int dash and > 0 && dash + 3 < fields.Length && fields[dash + 3].Split(',').Contains("ro"));
            }
        }

        return found;
    }

    private static bool IsAbove(string place, string path) => place == "/" || path == place || path.StartsWith(place + "/", StringComparison.Ordinal);
}
