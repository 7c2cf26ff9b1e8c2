using System.IO.Enumeration;

namespace Vfio.Sysfs;

/// <summary>The kernel's modules: which are loaded, what each needs, which serve a device. Opens text files only.</summary>
internal sealed class KernelModules(HostRoot host)
{
    private const int MostLines = 1 << 18;
    private const int MostModules = 64;
    private const string Loaded = "sys/module";

    /// <summary>Whether the module is loaded, or built in with parameters, which looks the same.</summary>
    public bool IsLoaded(string module) => Directory.Exists(host.Combine($"{Loaded}/{FolderName(module)}"));

    /// <summary>The modules that loading one would load, in the order in which they can be unloaded: itself, and what it needs, less what is there.</summary>
    public IReadOnlyList<string> Missing(string module)
    {
        if (IsLoaded(module))
        {
            return [];
        }

        // "kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/pci/vfio-pci-core.ko.xz kernel/…": all that it needs, the nearest first.
        foreach (string line in Lines("modules.dep"))
        {
            int colon = line.IndexOf(':');
            if (colon > 0 && FolderName(NameOf(line[..colon])) == FolderName(module))
            {
                IEnumerable<string> needed = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(NameOf);
                return [module, .. needed.Where(name => name.Length != 0 && !IsLoaded(name)).Take(MostModules)];
            }
        }

        return [module];
    }

    /// <summary>Whether nothing uses a loaded module: no other module, no open file, and no device of the PCI drivers in it.</summary>
    public bool IsUnused(string module)
    {
        string folder = host.Combine($"{Loaded}/{FolderName(module)}");
        return SysfsFile.ReadNumber(Path.Combine(folder, "refcnt")) is 0 && SysfsFile.Names(Path.Combine(folder, "holders")).Length == 0
            && !PciDrivers(module).Any(driver => SysfsFile.Names(host.PciDriver(driver)).Any(name => PciAddress.TryParse(name, out _)));
    }

    /// <summary>The names of the PCI drivers in a loaded module.</summary>
    public IEnumerable<string> PciDrivers(string module)
    {
        const string Prefix = "pci:";
        return SysfsFile.Names(host.Combine($"{Loaded}/{FolderName(module)}/drivers"))
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]);
    }

    /// <summary>The modules with a VFIO driver for a device, as their aliases say (<c>vfio_pci:</c>): vfio-pci, and those that are made for the device.</summary>
    public IReadOnlyList<string> VfioDrivers(PciDeviceInfo device)
    {
        const string Pci = "pci:", Alias = "alias vfio_pci:";
        if (SysfsFile.Read(device.Attribute("modalias")) is not string modalias || !modalias.StartsWith(Pci, StringComparison.Ordinal))
        {
            return [];
        }

        string ids = modalias[Pci.Length..];
        return [.. Lines("modules.alias")
            .Where(line => line.StartsWith(Alias, StringComparison.Ordinal))
            .Select(line => line[Alias.Length..].Split(' '))
            .Where(parts => parts.Length == 2 && FileSystemName.MatchesSimpleExpression(parts[0], ids, ignoreCase: false))
            .Select(parts => parts[1])
            .Distinct()
            .Take(MostModules)];
    }

    /// <summary>A module's name as its folder in sysfs has it: with underscores.</summary>
    public static string FolderName(string module) => module.Replace('-', '_');

    private IEnumerable<string> Lines(string file)
    {
        string? release = SysfsFile.Read(host.Combine("proc/sys/kernel/osrelease"));
        string path = host.Combine($"lib/modules/{release}/{file}");
        return release is null || release.Contains('/') || !File.Exists(path) ? [] : File.ReadLines(path).Take(MostLines);
    }

    private static string NameOf(string path)
    {
        string name = Path.GetFileName(path.Trim());
        return name.IndexOf('.') is int dot and > 0 ? name[..dot] : name;
    }
}
