using System.IO.Enumeration;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The kernel's modules: which are loaded, what each of them needs, and which support a device. Reads only text files.
/// </summary>
internal sealed partial class KernelModules(HostRoot host)
{
    private const int MostLines = 1 << 18;
    private const int MostModules = 64;
    private const string Loaded = "sys/module";

    private readonly string _folder = host.Combine("lib/modules/"
        + (ReadRelease(host) is { Length: > 0 } release && !release.Contains('/') ? release : "unknown"));

    /// <summary>Gets the kernel's version, as <c>uname -r</c> prints it.</summary>
    public string Release => ReadRelease(host);

    /// <summary>Gets whether the module is loaded, or built in with parameters, which looks the same.</summary>
    public bool IsLoaded(string module) => Directory.Exists(host.Combine($"{Loaded}/{FolderName(module)}"));

    /// <summary>
    /// Gets the modules that loading one would load, in the order in which they can be unloaded: the module itself,
    /// those it needs, and those that are loaded together with them (softdep), without those that are loaded already.
    /// </summary>
    public IReadOnlyList<string> Missing(string module)
    {
        if (IsLoaded(module))
        {
            return [];
        }

        // vfio_iommu_type1 is loaded after vfio (softdep post) and uses it, so it has to be unloaded first.
        IReadOnlyList<string> needed = Needed(module);
        (string[] Earlier, string[] Later)[] soft = [.. needed.Select(SoftDependencies)];
        IEnumerable<string> WithNeeded(IEnumerable<string> modules) => modules.Where(name => !IsLoaded(name))
            .SelectMany(Needed);
        HashSet<string> firm = [.. needed.Select(FolderName)];
        return [.. WithNeeded(soft.SelectMany(pair => pair.Later))
            .Where(name => !firm.Contains(FolderName(name)))
            .Concat(needed)
            .Concat(WithNeeded(soft.SelectMany(pair => pair.Earlier)))
            .DistinctBy(FolderName)
            .Take(MostModules)];
    }

    /// <summary>Gets a module that is not loaded, and those that it needs and that are not loaded either.</summary>
    public IReadOnlyList<string> Needed(string module)
    {
        // A line has all modules that the first one needs, the nearest first: "kernel/drivers/vfio/pci/vfio-pci.ko.xz:
        // kernel/drivers/vfio/pci/vfio-pci-core.ko.xz kernel/…".
        foreach (string line in Lines("modules.dep"))
        {
            int colon = line.IndexOf(':');
            if (colon > 0 && IsModule(line[..colon], module))
            {
                IEnumerable<string> needed = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(NameOf);
                return [module, .. needed.Where(name => name.Length != 0 && !IsLoaded(name)).Take(MostModules)];
            }
        }

        return [module];
    }

    // "softdep vfio pre: a b post: vfio_iommu_type1".
    private (string[] Earlier, string[] Later) SoftDependencies(string module)
    {
        List<string> earlier = [], later = [];
        foreach (string[] words in Lines("modules.softdep")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words.Length < 4 || words[0] != "softdep" || FolderName(words[1]) != FolderName(module))
            {
                continue;
            }

            List<string> target = earlier;
            foreach (string word in words.AsSpan(2))
            {
                if (word is "pre:" or "post:")
                {
                    target = word == "post:" ? later : earlier;
                }
                else
                {
                    target.Add(word);
                }
            }
        }

        return ([.. earlier.Take(MostModules)], [.. later.Take(MostModules)]);
    }

    /// <summary>
    /// Gets whether nothing uses a loaded module: no other module, no open file, and no device bound to a PCI driver in
    /// it.
    /// </summary>
    public bool IsUnused(string module)
    {
        string folder = host.Combine($"{Loaded}/{FolderName(module)}");
        return SysfsFile.ReadNumber(Path.Combine(folder, "refcnt")) is 0
            && SysfsFile.Names(Path.Combine(folder, "holders")).Length == 0
            && !PciDrivers(module)
                .Any(driver => SysfsFile.Names(host.PciDriver(driver)).Any(name => PciAddress.TryParse(name, out _)));
    }

    /// <summary>Gets the names of the PCI drivers in a loaded module.</summary>
    public IEnumerable<string> PciDrivers(string module)
    {
        const string Prefix = "pci:";
        return SysfsFile.Names(host.Combine($"{Loaded}/{FolderName(module)}/drivers"))
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]);
    }

    /// <summary>
    /// Gets the modules with a VFIO driver for a device, by their aliases (<c>vfio_pci:</c>): vfio-pci, and variant
    /// drivers made for the device.
    /// </summary>
    public IReadOnlyList<string> VfioDrivers(PciDeviceInfo device)
    {
        const string Pci = "pci:", Alias = "alias vfio_pci:";
        if (SysfsFile.Read(device.Attribute("modalias")) is not string modalias
            || !modalias.StartsWith(Pci, StringComparison.Ordinal))
        {
            return [];
        }

        string ids = modalias[Pci.Length..];
        return [.. Lines("modules.alias")
            .Where(line => line.StartsWith(Alias, StringComparison.Ordinal))
            .Select(line => line[Alias.Length..].Split(' '))
            .Where(
                parts => parts.Length == 2 && FileSystemName.MatchesSimpleExpression(parts[0], ids, ignoreCase: false))
            .Select(parts => parts[1])
            .Distinct()
            .Take(MostModules)];
    }

    /// <summary>
    /// Gets the modules with a host driver for a device, by their aliases (<c>pci:</c>), including built-in ones. The
    /// first is the one that a probe would choose.
    /// </summary>
    public IReadOnlyList<string> HostDrivers(PciDeviceInfo device)
    {
        const string Alias = "alias ", BuiltIn = ".alias=";
        if (SysfsFile.Read(device.Attribute("modalias")) is not string modalias)
        {
            return [];
        }

        IEnumerable<(string Pattern, string Module)> loadable = Lines("modules.alias")
            .Where(line => line.StartsWith(Alias + "pci:", StringComparison.Ordinal))
            .Select(line => line[Alias.Length..].Split(' '))
            .Where(parts => parts.Length == 2)
            .Select(parts => (parts[0], parts[1]));
        // Entries end with a zero byte: "e1000e.alias=pci:v00008086d000010D3sv*sd*bc*sc*i*".
        IEnumerable<(string Pattern, string Module)> builtIn = Lines("modules.builtin.modinfo")
            .SelectMany(line => line.Split('\0'))
            .Select(text => (Text: text, At: text.IndexOf(BuiltIn, StringComparison.Ordinal)))
            .Where(item => item.At > 0)
            .Select(item => (item.Text[(item.At + BuiltIn.Length)..], item.Text[..item.At]));
        return [.. loadable.Concat(builtIn)
            .Where(item => item.Pattern.StartsWith("pci:", StringComparison.Ordinal)
                && FileSystemName.MatchesSimpleExpression(item.Pattern, modalias, ignoreCase: false))
            .Select(item => item.Module)
            .Where(module => !module.Contains("vfio", StringComparison.Ordinal))
            .Distinct()
            .Take(MostModules)];
    }

    /// <summary>Gets the name of a module's folder in sysfs, which has underscores instead of hyphens.</summary>
    public static string FolderName(string module) => module.Replace('-', '_');

    // The release becomes part of a path.
    private static string ReadRelease(HostRoot host) => SysfsFile.Read(host.Combine("proc/sys/kernel/osrelease")) ?? "";

    private IEnumerable<string> Lines(string file) => SysfsFile.ReadLines(Path.Combine(_folder, file)).Take(MostLines);

    // "kernel/drivers/vfio/pci/vfio-pci.ko", also .ko.xz and .ko.zst.
    private static bool IsModule(string path, string name) =>
        path.Contains(".ko", StringComparison.Ordinal) && FolderName(NameOf(path)) == FolderName(name);

    private static string NameOf(string path)
    {
        string name = Path.GetFileName(path.Trim());
        return name.IndexOf(".ko", StringComparison.Ordinal) is int dot and > 0 ? name[..dot] : name;
    }
}
