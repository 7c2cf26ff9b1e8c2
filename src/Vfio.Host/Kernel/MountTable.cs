namespace Vfio.Host;

/// <summary>Reads the mounted file systems, as this process sees them.</summary>
internal static class MountTable
{
    /// <summary>Finds the mount that a path is on.</summary>
    /// <returns>
    /// The mount point, and whether the mount is read-only; <see langword="null"/> if the table does not contain it.
    /// </returns>
    public static (string Place, bool IsReadOnly)? Find(HostRoot host, string path)
    {
        (string Place, bool IsReadOnly)? found = null;
        // proc(5): id parent major:minor root mountpoint options … - type source options
        foreach (string line in SysfsFile.ReadLines(host.Combine("proc/self/mountinfo")))
        {
            string[] fields = line.Split(' ');
            // A later mount over the same path hides an earlier one.
            if (fields.Length > 5
                && IsAbove(fields[4], path)
                && (found is null || fields[4].Length >= found.Value.Place.Length))
            {
                found = (
                    fields[4],
                    fields[5].Split(',').Contains("ro")
                    || Array.IndexOf(fields, "-") is int dash and > 0
                        && dash + 3 < fields.Length
                        && fields[dash + 3].Split(',').Contains("ro"));
            }
        }

        return found;
    }

    private static bool IsAbove(string place, string path) =>
        place == "/" || path == place || path.StartsWith(place + "/", StringComparison.Ordinal);
}
