namespace Vfio.Host;

/// <summary>
/// The modules that were loaded for devices which have been released since, while others were still bound:
/// <c>/run/vfio/modules</c>, one name per line. The process that releases the last device unloads them. Read and
/// written under the host's lock.
/// </summary>
internal sealed class LoadedModules
{
    private const int MostModules = 64;

    private readonly string _folder;

    /// <summary>Opens the list of a journal.</summary>
    /// <param name="folder">The journal's folder.</param>
    public LoadedModules(string folder)
    {
        _folder = folder;
        Path = System.IO.Path.Combine(folder, "modules");
    }

    public string Path { get; }

    /// <summary>Gets the modules' names. A line that cannot be a module's name is skipped.</summary>
    public IReadOnlyList<string> Read() => [.. SysfsFile.ReadLines(Path).Where(IsName).Distinct().Take(MostModules)];

    public void Write(IReadOnlyList<string> modules)
    {
        AtomicFile.Write(
            Path,
            Path + ".new",
            System.Text.Encoding.ASCII.GetBytes(string.Concat(modules.Select(module => module + "\n"))));
        AtomicFile.SyncFolder(_folder);
    }

    public void Remove() => AtomicFile.Change("remove", Path, () => File.Delete(Path));

    private static bool IsName(string line) =>
        line.Length is > 0 and <= 64 && line.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
