namespace Vfio.Host;

/// <summary>Something of the host that keeps its devices from being bound, whichever.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="What">What it is, a sentence.</param>
/// <param name="Hint">What a person can do about it.</param>
internal sealed record HostObstacle(RefusalReason Reason, string What, string Hint);

/// <summary>Looks for what keeps devices from being bound: who binds asks before anything is changed, and so does the diagnosis.</summary>
internal sealed class HostObstacles(HostRoot host)
{
    private const string VfioPci = "vfio-pci";
    private const string Type1 = "vfio_iommu_type1";
    private const string Iommufd = "iommufd";

    // An entry of the journal, and a new one beside it until it is whole.
    private const long NeededBytes = 16 * 1024;

    private readonly KernelModules _modules = new(host);

    /// <summary>Finds what is in the way of loading modules, and of writing to the kernel and the journal.</summary>
    /// <param name="modules">The modules that have to be loaded.</param>
    public IEnumerable<HostObstacle> Find(IEnumerable<string> modules) => OfFiles().Concat(OfModules([.. modules]));

    /// <summary>The same for vfio-pci and what it needs.</summary>
    public IEnumerable<HostObstacle> Find() => Find(
        [.. Directory.Exists(host.PciDriver(VfioPci)) || _modules.Find(VfioPci) == ModuleState.BuiltIn ? [] : _modules.Needed(VfioPci), .. ForAddressSpace() is string module ? [module] : Array.Empty<string>()]);

    /// <summary>Finds the module to load so that devices can be given an address space; <see langword="null"/> where there is one, or none can be loaded.</summary>
    public string? ForAddressSpace() => HasAddressSpace ? null
        : _modules.Find(Type1) == ModuleState.Loadable ? Type1
        : _modules.Find(Iommufd) == ModuleState.Loadable ? Iommufd
        : null;

    /// <summary>Why devices that are bound could be given no address space.</summary>
    public HostObstacle? OfAddressSpace() => !HasAddressSpace && ForAddressSpace() is null && _modules.AreThere
        ? new HostObstacle(RefusalReason.AddressSpace, $"this kernel ({_modules.Release}) has neither iommufd nor {Type1}, which give devices their address space", "take another kernel; distributions' kernels have one of them")
        : null;

    // Other architectures have an IOMMU model of their own.
    private bool HasAddressSpace => Path.Exists(host.Combine("dev/iommu")) || IsThere(Type1) || IsThere(Iommufd) || IsThere("vfio_iommu_spapr_tce");

    private bool IsThere(string module) => _modules.Find(module) is ModuleState.Loaded or ModuleState.BuiltIn;

    private IEnumerable<HostObstacle> OfFiles()
    {
        if (MountTable.Find(host, "/sys/bus/pci") is (string sysfs, true))
        {
            yield return new HostObstacle(RefusalReason.ReadOnly, $"{sysfs} can only be read here, as in a container", "bind on the host, and start the container with the device's nodes (--device /dev/vfio/…)");
        }

        if (MountTable.Find(host, "/run/vfio") is (string run, true))
        {
            yield return new HostObstacle(RefusalReason.ReadOnly, $"{run} can only be read here, so that nothing can be remembered", "bind on the host, where /run can be written");
        }
        else if (host.IsRunningHost && FreeBytes("/run") is long free and < NeededBytes)
        {
            yield return new HostObstacle(RefusalReason.Full, $"/run is full ({free} bytes are free), so that nothing can be remembered", "make room there: du -xsh /run/* shows what takes it");
        }
    }

    private IEnumerable<HostObstacle> OfModules(string[] modules)
    {
        if (modules.Length != 0 && SysfsFile.Read(host.Combine("proc/sys/kernel/modules_disabled")) == "1")
        {
            yield return new HostObstacle(
                RefusalReason.ModulesDisabled, $"{modules[0]} is not loaded, and the kernel loads no modules any more (kernel.modules_disabled=1)",
                $"that ends with a reboot: have it loaded before that is set (echo {VfioPci} > /etc/modules-load.d/vfio.conf)");
            yield break;
        }

        foreach (string module in modules)
        {
            if (ModprobeFiles.FindBan(host, module) is (string file, string line))
            {
                yield return new HostObstacle(RefusalReason.ModuleBanned, $"{file} keeps {module} from being loaded ({line})", $"remove that line from {file}");
            }
            else if (_modules.Release.Length != 0 && _modules.Find(module) == ModuleState.Missing)
            {
                yield return _modules.AreThere
                    ? new HostObstacle(RefusalReason.Module, $"this kernel ({_modules.Release}) has no module {module}", "install all modules of this kernel; vfio doctor says which package has them")
                    : new HostObstacle(RefusalReason.Module, $"the modules of the running kernel ({_modules.Release}) are not in /lib/modules", "reboot after an update of the kernel; in a container, load vfio-pci on the host");
            }
        }
    }

    private static long? FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
