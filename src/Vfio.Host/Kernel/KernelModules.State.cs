namespace Vfio.Host;

/// <summary>The state of a kernel module.</summary>
internal enum ModuleState
{
    /// <summary>It is neither loaded nor among the modules of this kernel.</summary>
    Missing,

    /// <summary>It is on disk, and can be loaded.</summary>
    Loadable,

    /// <summary>It is built into the kernel.</summary>
    BuiltIn,

    /// <summary>It is loaded.</summary>
    Loaded,
}

// Finds out where a module is: in the kernel, or on disk.
internal sealed partial class KernelModules
{
    /// <summary>Gets whether the modules of this kernel are on disk at all.</summary>
    public bool AreThere => Lines("modules.dep").Any();

    /// <summary>Finds a module.</summary>
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

        // A module without initstate is built in, or loaded without a state to show. A file in modules.dep may no
        // longer exist.
        return Path.Exists(loaded) ? ModuleState.Loaded
            : Lines("modules.dep")
                .Select(line => line.Split(':')[0])
                .FirstOrDefault(path => IsModule(path, name)) is string found
                && File.Exists(PathOf(found)) ? ModuleState.Loadable
            : ModuleState.Missing;
    }

    private string PathOf(string listed) =>
        listed.StartsWith('/') ? host.Combine(listed.TrimStart('/')) : Path.Combine(_folder, listed);
}
