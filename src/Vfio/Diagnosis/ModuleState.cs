using Vfio.Sysfs;

namespace Vfio.Diagnosis;

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

/// <summary>The modules of the running kernel, on disk and in it.</summary>
internal sealed class KernelModules
{
    private readonly HostRoot _host;
    private readonly string _folder;
    private readonly string[] _listed;
    private readonly string[] _builtIn;

    public KernelModules(HostRoot host)
    {
        _host = host;
        Release = SysfsFile.Read(host.Combine("proc/sys/kernel/osrelease")) ?? "";
        // A release becomes part of a path.
        _folder = host.Combine(Release.Length == 0 || Release.Contains('/', StringComparison.Ordinal) ? "lib/modules/unknown" : $"lib/modules/{Release}");
        _listed = SysfsFile.ReadLines(Path.Combine(_folder, "modules.dep"));
        _builtIn = SysfsFile.ReadLines(Path.Combine(_folder, "modules.builtin"));
    }

    /// <summary>The kernel's version, as <c>uname -r</c> says it.</summary>
    public string Release { get; }

    /// <summary>Whether the modules of this kernel are on disk at all.</summary>
    public bool AreThere => _listed.Length != 0;

    /// <summary>Looks for a module.</summary>
    /// <param name="name">Its name, with hyphens or underscores.</param>
    public ModuleState Find(string name)
    {
        if (Path.Exists(_host.Combine($"sys/module/{name.Replace('-', '_')}/initstate")))
        {
            return ModuleState.Loaded;
        }

        if (Array.Exists(_builtIn, line => IsModule(line, name)))
        {
            return ModuleState.BuiltIn;
        }

        // Built in, or loaded with no state to show; and a file can be gone that the list still has.
        return Path.Exists(_host.Combine($"sys/module/{name.Replace('-', '_')}")) ? ModuleState.Loaded
            : Array.Find(_listed, line => IsModule(line.Split(':')[0], name)) is string found && File.Exists(PathOf(found.Split(':')[0])) ? ModuleState.Loadable
            : ModuleState.Missing;
    }

    private string PathOf(string listed) => listed.StartsWith('/') ? _host.Combine(listed.TrimStart('/')) : Path.Combine(_folder, listed);

    // "kernel/drivers/vfio/pci/vfio-pci.ko", also .ko.xz and .ko.zst.
    private static bool IsModule(string path, string name)
    {
        ReadOnlySpan<char> file = path.AsSpan(path.LastIndexOf('/') + 1);
        int end = file.IndexOf(".ko");
        return end == name.Length && name.Replace('-', '_').Equals(file[..end].ToString().Replace('-', '_'), StringComparison.Ordinal);
    }
}
