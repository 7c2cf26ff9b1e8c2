using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Loads the module of a VFIO driver for a bind. Unloads at the end the modules that were loaded for a bind and that
/// nothing uses.
/// </summary>
internal sealed class ModuleSteps(HostContext context)
{
    private readonly KernelModules _modules = new(context.Host);

    /// <summary>Gets the modules that loading a driver's module would load.</summary>
    public IReadOnlyList<string> Missing(string module) => _modules.Missing(module);

    /// <summary>Gets those of them without which it cannot be loaded.</summary>
    public IReadOnlyList<string> Needed(string module) => _modules.Needed(module);

    /// <summary>Finds the module of the requested driver.</summary>
    /// <exception cref="VfioException">The kernel has no such VFIO driver for the device.</exception>
    public string ModuleOf(PciDeviceInfo device, string driver)
    {
        IReadOnlyList<string> known = driver == PciDeviceInfo.VfioPciDriver ? [driver] : _modules.VfioDrivers(device);
        return known.FirstOrDefault(module => KernelModules.FolderName(module) == KernelModules.FolderName(driver)
            || _modules.PciDrivers(module).Contains(driver))
            ?? throw new VfioException(
                "bind", device.Address.ToString(), $"the kernel has no VFIO driver '{driver}' for this device",
                known.Count == 0
                    ? "omit --driver to use vfio-pci"
                    : $"pass one of these to --driver: {string.Join(", ", known)}");
    }

    /// <summary>
    /// Gets the name of a module's driver. Some drivers have hyphens where the module has underscores. If the module is
    /// not loaded yet, the name of the module is used, as for the kernel's own modules.
    /// </summary>
    public string NameOf(string module, string asked)
    {
        string[] drivers = [.. _modules.PciDrivers(module)];
        return drivers.Contains(asked) || module.Length == 0 ? asked
            : drivers.FirstOrDefault(name => KernelModules.FolderName(name) == KernelModules.FolderName(asked))
                ?? module;
    }

    /// <summary>
    /// Makes the steps for the modules that were loaded for an entry. As long as another device is bound, which may
    /// need them, they are only recorded. Otherwise they are unloaded, with those recorded earlier.
    /// </summary>
    /// <param name="entry">The entry that is released.</param>
    /// <param name="released">The devices that will have been released before this one.</param>
    public IEnumerable<BindingStep> Unload(JournalEntry entry, IReadOnlyCollection<PciAddress> released)
    {
        string[] loaded = [.. context.Journal.LoadedModules.Read().Union(entry.LoadedModules)];
        if (loaded.Length == 0)
        {
            yield break;
        }

        if (context.Journal
            .GetEntries()
            .Any(other => other.Address != entry.Address && other.IsBound && !released.Contains(other.Address)))
        {
            yield return BindingStep.Shared(
                $"record in {context.Journal.LoadedModules.Path}: {string.Join(", ", loaded)} was loaded",
                () => context.Journal.LoadedModules.Write(loaded));
            yield break;
        }

        foreach (string module in loaded)
        {
            yield return BindingStep.Shared($"rmmod {module}, if nothing uses it", () =>
            {
                if (_modules.IsUnused(module))
                {
                    context.Changes.UnloadModule(module);
                }
            });
        }

        yield return BindingStep.Shared(
            $"remove {context.Journal.LoadedModules.Path}, if it exists", context.Journal.LoadedModules.Remove);
    }
}
