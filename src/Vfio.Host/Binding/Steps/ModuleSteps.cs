using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Loads the module of a VFIO driver for a bind, and unloads at the end what was loaded for one and nothing uses.</summary>
internal sealed class ModuleSteps(HostContext context)
{
    private readonly KernelModules _modules = new(context.Host);

    /// <summary>What loading a driver's module would load.</summary>
    public IReadOnlyList<string> Missing(string module) => _modules.Missing(module);

    /// <summary>Those of them without which it cannot be loaded.</summary>
    public IReadOnlyList<string> Needed(string module) => _modules.Needed(module);

    /// <summary>Finds the module and name of the driver that was asked for.</summary>
    /// <exception cref="VfioException">The kernel has no such VFIO driver for the device.</exception>
    public string ModuleOf(PciDeviceInfo device, string driver)
    {
        IReadOnlyList<string> known = driver == PciDeviceInfo.VfioPciDriver ? [driver] : _modules.VfioDrivers(device);
        return known.FirstOrDefault(module => KernelModules.FolderName(module) == KernelModules.FolderName(driver) || _modules.PciDrivers(module).Contains(driver))
            ?? throw new VfioException(
                "bind", device.Address.ToString(), $"the kernel has no VFIO driver '{driver}' for this device",
                known.Count == 0 ? "leave --driver away for vfio-pci" : $"it has {string.Join(", ", known)}");
    }

    /// <summary>What a driver is called: some have hyphens where the module has underscores. Of a module that is not loaded yet, as the kernel's own are: like it.</summary>
    public string NameOf(string module, string asked)
    {
        string[] drivers = [.. _modules.PciDrivers(module)];
        return drivers.Contains(asked) || module.Length == 0 ? asked
            : drivers.FirstOrDefault(name => KernelModules.FolderName(name) == KernelModules.FolderName(asked)) ?? module;
    }

    /// <summary>Steps for what was loaded for an entry: kept in mind while another device is taken, which may need it still; else unloaded, with what was kept in mind.</summary>
    /// <param name="entry">The entry that is handed back.</param>
    /// <param name="released">Devices that will have been handed back before.</param>
    public IEnumerable<BindingStep> Unload(JournalEntry entry, IReadOnlyCollection<PciAddress> released)
    {
        string[] loaded = [.. context.Journal.LoadedModules.Read().Union(entry.LoadedModules)];
        if (loaded.Length == 0)
        {
            yield break;
        }

        if (context.Journal.GetEntries().Any(other => other.Address != entry.Address && other.IsBound && !released.Contains(other.Address)))
        {
            yield return BindingStep.Shared($"remember in {context.Journal.LoadedModules.Path}: {string.Join(", ", loaded)} was loaded", () => context.Journal.LoadedModules.Write(loaded));
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

        yield return BindingStep.Shared($"remove {context.Journal.LoadedModules.Path}, if it is there", context.Journal.LoadedModules.Remove);
    }
}
