namespace Vfio.Host;

/// <summary>Something about the host that keeps any of its devices from being bound.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="What">What it is, one sentence.</param>
/// <param name="Hint">What to do about it.</param>
internal sealed record HostObstacle(RefusalReason Reason, string What, string Hint);

/// <summary>
/// Finds what keeps devices from being bound. Used by a bind before anything is changed, and by the diagnosis.
/// </summary>
internal sealed class HostObstacles(HostRoot host)
{
    private const string VfioPci = "vfio-pci";
    private const string Type1 = "vfio_iommu_type1";
    private const string Iommufd = "iommufd";

    // Room for a journal entry, and a new one beside it until that is complete.
    private const long NeededBytes = 16 * 1024;

    private readonly KernelModules _modules = new(host);

    /// <summary>Finds what prevents loading modules, and writing to the kernel and the journal.</summary>
    /// <param name="modules">The modules that have to be loaded.</param>
    public IEnumerable<HostObstacle> Find(IEnumerable<string> modules) => OfFiles().Concat(OfModules([.. modules]));

    /// <summary>
    /// Finds what prevents loading vfio-pci and the modules that it needs, and writing to the kernel and the journal.
    /// </summary>
    public IEnumerable<HostObstacle> Find() => Find(
        [
            .. Directory.Exists(host.PciDriver(VfioPci)) || _modules.Find(VfioPci) == ModuleState.BuiltIn
                ? []
                : _modules.Needed(VfioPci),
            .. ForAddressSpace() is string module ? [module] : Array.Empty<string>(),
        ]);

    /// <summary>
    /// Finds the module to load for address spaces; <see langword="null"/> if the kernel has one loaded, or none can be
    /// loaded.
    /// </summary>
    public string? ForAddressSpace() => HasAddressSpace ? null
        : _modules.Find(Type1) == ModuleState.Loadable ? Type1
        : _modules.Find(Iommufd) == ModuleState.Loadable ? Iommufd
        : null;

    /// <summary>Finds why bound devices could not get an address space.</summary>
    public HostObstacle? OfAddressSpace() => !HasAddressSpace && ForAddressSpace() is null && _modules.AreThere
        ? new HostObstacle(
            RefusalReason.AddressSpace,
            $"this kernel ({_modules.Release}) has neither iommufd nor {Type1}, which give devices their address space",
            "use another kernel; the kernels of distributions have one of them")
        : null;

    // Other architectures have their own IOMMU interface.
    private bool HasAddressSpace =>
        Path.Exists(host.Combine("dev/iommu")) || IsThere(Type1) || IsThere(Iommufd) || IsThere("vfio_iommu_spapr_tce");

    private bool IsThere(string module) => _modules.Find(module) is ModuleState.Loaded or ModuleState.BuiltIn;

    private IEnumerable<HostObstacle> OfFiles()
    {
        if (MountTable.Find(host, "/sys/bus/pci") is (string sysfs, true))
        {
            yield return new HostObstacle(
                RefusalReason.ReadOnly,
                $"{sysfs} is mounted read-only, as it is in a container",
                "bind on the host, and start the container with the device's nodes (--device /dev/vfio/…)");
        }

        if (MountTable.Find(host, "/run/vfio") is (string run, true))
        {
            yield return new HostObstacle(
                RefusalReason.ReadOnly,
                $"{run} is mounted read-only, so the journal cannot be written",
                "bind on the host, where /run can be written");
        }
        else if (host.IsRunningHost && FreeBytes("/run") is long free and < NeededBytes)
        {
            yield return new HostObstacle(
                RefusalReason.Full,
                $"/run is full ({free} bytes are free), so the journal cannot be written",
                "free space there; du -xsh /run/* shows what uses it");
        }
    }

    private IEnumerable<HostObstacle> OfModules(string[] modules)
    {
        if (modules.Length != 0 && SysfsFile.Read(host.Combine("proc/sys/kernel/modules_disabled")) == "1")
        {
            yield return new HostObstacle(
                RefusalReason.ModulesDisabled,
                $"{modules[0]} is not loaded, and the kernel does not load modules any more "
                + $"(kernel.modules_disabled=1)",
                $"reboot, and have it loaded before that is set (echo {VfioPci} > /etc/modules-load.d/vfio.conf)");
            yield break;
        }

        foreach (string module in modules)
        {
            if (ModprobeFiles.FindBan(host, module) is (string file, string line))
            {
                yield return new HostObstacle(
                    RefusalReason.ModuleBanned,
                    $"{file} keeps {module} from being loaded ({line})",
                    $"remove that line from {file}");
            }
            else if (_modules.Release.Length != 0 && _modules.Find(module) == ModuleState.Missing)
            {
                yield return _modules.AreThere
                    ? new HostObstacle(
                        RefusalReason.Module,
                        $"this kernel ({_modules.Release}) does not have the module {module}",
                        "install all modules of this kernel; vfio doctor says which package has them")
                    : new HostObstacle(
                        RefusalReason.Module,
                        $"the modules of the running kernel ({_modules.Release}) are not in /lib/modules",
                        "reboot if the kernel was updated; in a container, load vfio-pci on the host");
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
