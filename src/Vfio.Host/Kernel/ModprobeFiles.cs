namespace Vfio.Host;

/// <summary>Reads the configuration of modprobe (modprobe.d(5)).</summary>
internal static class ModprobeFiles
{
    // A file hides those with the same name in later folders.
    private static readonly string[] Folders =
        ["etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d"];

    /// <summary>
    /// Gets every line with at least a command, a module and an argument, split into words, with the file that it is
    /// in.
    /// </summary>
    public static IEnumerable<(string File, string[] Words)> Lines(HostRoot host)
    {
        HashSet<string> seen = [];
        return from folder in Folders
               from name in SysfsFile.Names(host.Combine(folder))
               where name.EndsWith(".conf", StringComparison.Ordinal) && seen.Add(name)
               from line in SysfsFile.ReadLines(host.Combine($"{folder}/{name}"))
               let words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
               where words.Length > 2
               select ($"/{folder}/{name}", words);
    }

    /// <summary>Finds the line that keeps a module from being loaded: <c>install vfio-pci /bin/false</c>.</summary>
    /// <returns>The file and the line; <see langword="null"/> if the module can be loaded.</returns>
    public static (string File, string Line)? FindBan(HostRoot host, string module)
    {
        foreach ((string file, string[] words) in Lines(host))
        {
            if (words[0] == "install"
                && KernelModules.FolderName(words[1]) == KernelModules.FolderName(module)
                && Path.GetFileName(words[2]) is "false" or "true")
            {
                return (file, string.Join(' ', words));
            }
        }

        return null;
    }
}
