namespace Vfio;

/// <summary>
/// Where a path really leads: every link in it followed, as the kernel does, but never out of the host's root.
/// </summary>
internal static class SysfsPath
{
    // PATH_MAX, and the links that the kernel follows in one path.
    private const int MostCharacters = 4096;
    private const int MostLinks = 40;

    /// <summary>Follows the links of a path; what is not there is no link.</summary>
    /// <param name="host">Whose <c>/</c> it begins at.</param>
    /// <param name="path">An absolute path of the host's.</param>
    /// <returns>
    /// The path without links, <c>.</c> and <c>..</c>; null if it is not absolute or too long, or its links form a
    /// loop.
    /// </returns>
    public static string? Resolve(HostRoot host, string path)
    {
        if (!path.StartsWith('/') || path.Length > MostCharacters || path.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        List<string> done = [];
        Stack<string> rest = new(path.Split('/').AsEnumerable().Reverse());
        int links = 0;
        while (rest.TryPop(out string? part))
        {
            if (part is "" or ".")
            {
                continue;
            }

            if (part == "..")
            {
                done.RemoveRange(Math.Max(0, done.Count - 1), Math.Min(1, done.Count));
                continue;
            }

            if (SysfsFile.ReadLink(host.Combine(string.Join('/', done.Append(part)))) is not string target)
            {
                done.Add(part);
                continue;
            }

            if (++links > MostLinks || target.Length > MostCharacters)
            {
                return null;
            }

            if (target.StartsWith('/'))
            {
                done.Clear();
            }

            foreach (string next in target.Split('/').AsEnumerable().Reverse())
            {
                rest.Push(next);
            }
        }

        return $"/{string.Join('/', done)}";
    }
}
