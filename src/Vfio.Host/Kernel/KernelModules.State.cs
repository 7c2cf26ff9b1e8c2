namespace Vfio.Host;

/// <summary>Whether the kernel has a module.</summary>
internal enum ModuleState
{
    /// <summary>Neither loaded nor among the modules of this kernel.</summary>
    Missing,

    /// <summary>On disk, to be loaded.</summary>
    Loadable,

    /// <summary>Part of the kernel.</summary>
    BuiltIn,

    /// <summary>Loaded.</summary>
    Loaded,
}

// Where a module is: in the kernel, or on disk.
internal sealed partial class KernelModules
{
    /// <summary>Whether the modules of this kernel are on disk at all.</summary>
    public bool AreThere => Lines("modules.dep").Any();

    /// <summary>Looks for a module.</summary>
    /// <param name="name">Its name, with hyphens or underscores.</param>
    public ModuleState Find(string name)
    {
        string loaded = host.Combine($"{Loaded}/{FolderName(name)}");
        if (Path.Exists(Path.Combine(loaded, "initstate")))
        {
            return ModuleState.Loaded;
        }

        if (Lines("modules.builtin").Any(line => IsModule(line, name)))
        {
            return ModuleState.BuiltIn;
        }

        // Built in, or loaded with no state to show; and a file can be gone that the list still has.
        return Path.Exists(loaded) ? ModuleState.Loaded
            : Lines("modules.dep").Select(line => line.Split(':')[0]).FirstOrDefault(path => IsModule(path, name)) is string found && File.Exists(PathOf(found)) ? ModuleState.Loadable
            : ModuleState.Missing;
    }

    private string PathOf(string listed) => listed.StartsWith('/') ? host.Combine(listed.TrimStart('/')) : Path.Combine(_folder, listed);
}
