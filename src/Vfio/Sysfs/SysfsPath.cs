namespace Vfio;

/// <summary>Resolves paths: follows every link as the kernel does, but never leaves the host's root.</summary>
internal static class SysfsPath
{
    // PATH_MAX, and the maximum number of links that the kernel follows in one path.
    private const int MostCharacters = 4096;
    private const int MostLinks = 40;

    /// <summary>Follows the links of a path. A part that does not exist is treated as not being a link.</summary>
    /// <param name="host">The host.</param>
    /// <param name="path">An absolute path on the host.</param>
    /// <returns>
    /// The path without links, <c>.</c> and <c>..</c>; <see langword="null"/> if it is not absolute or too long, or if
    /// its links form a loop.
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
