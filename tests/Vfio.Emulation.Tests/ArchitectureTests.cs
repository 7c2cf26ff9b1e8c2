using System.Text.RegularExpressions;
using System.Xml.Linq;
using Vfio.Tests;

namespace Vfio.Emulation.Tests;

/// <summary>The design rules for src/Vfio.Emulation, checked on its source and on the compiled assembly.</summary>
public sealed partial class ArchitectureTests
{
    private const int MostLines = 350;

    /// <summary>The internals of the library that a backend may use: the seam, and the types that it passes.</summary>
    private static readonly string[] SeamTypes =
    [
        "IDeviceBackend",
        "IInterval",
        "Intervals",
        "DeviceConfig",
        "IBusReset",
        "IWriteOnEvent",
        "IFaultSource",
        "IDeviceClock",
        "Pause",
        "DeviceInfo",
        "MappedMemory",
        "SharedMemory",
        "RegionNames",
        "Errno",
        "IAddressSpaceBackend",
        "AddressSpaceInfo",
        "IommuFault",
        "ProcessMemory",
        "SystemCalls",
        "MapErrors",
        "HotResetInfo",
        "HotResetEntry",
        "IrqAction",
        "IInterruptTarget",
    ];

    /// <summary>
    /// Allowed uses from folder to folder. The devices use only what every author of a device model can use, and
    /// nothing uses them.
    /// </summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        [""] = ["Bars", "Capabilities", "Client", "Config", "Faults", "Interrupts", "Memory", "Time"],
        ["Bars"] = ["", "Interrupts"],
        ["Capabilities"] = ["", "Config"],
        ["Client"] = ["", "Bars", "Faults", "Memory"],
        ["Config"] = ["", "Bars", "Capabilities"],
        ["Devices"] = ["", "Capabilities", "Memory", "Time"],
        ["Faults"] = ["", "Memory"],
        ["Interrupts"] = ["", "Bars", "Capabilities", "Config"],
        ["Memory"] = ["", "Client"],
        ["Time"] = [""],
    };

    private static readonly string Root = Path.Combine(Repository.Root, "src", "Vfio.Emulation");

    private static Dictionary<string, string> Files { get; } = Directory
        .EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Root, path))
        .Where(path => !path.StartsWith("obj/", StringComparison.Ordinal)
            && !path.StartsWith("bin/", StringComparison.Ordinal))
        .ToDictionary(path => path, path => File.ReadAllText(Path.Combine(Root, path)));

    private static Dictionary<string, string> Code { get; } = Files.ToDictionary(
        file => file.Key, file => SourceText.CodeOf(file.Value));

    [Fact]
    public void It_depends_only_on_the_library()
    {
        XDocument project = XDocument.Load(Path.Combine(Root, "Vfio.Emulation.csproj"));
        Assert.Equal(
            ["../Vfio/Vfio.csproj"],
            project.Descendants()
                .Where(element => element.Name.LocalName is "PackageReference" or "ProjectReference" or "Reference")
                .Select(element => element.Attribute("Include")?.Value));
        AssertNone(typeof(DeviceModel).Assembly.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(
                name => name is not ("Vfio" or "Vfio.Pci") && !name.StartsWith("System.", StringComparison.Ordinal)));
    }

    [Fact]
    public void It_has_no_unsafe_code_and_calls_no_native_function() =>
        AssertNone(Code.Where(file => NativeCode().IsMatch(file.Value))
            .Select(file => $"{file.Key}: {NativeCode().Match(file.Value).Value}"));

    [Fact]
    public void It_uses_only_the_seam_of_the_librarys_internals_and_all_of_it()
    {
        string[] internals = [.. typeof(VfioDevice).Assembly.GetTypes()
            .Where(type => type is { IsPublic: false, IsNested: false }
                && !type.Name.Contains('<', StringComparison.Ordinal))
            .Select(type => type.Name.Split('`')[0]).Distinct()];
        string[] own = [.. typeof(DeviceModel).Assembly.GetTypes().Select(type => type.Name)];
        string[] used = [.. internals.Except(own).Where(name => Code.Values.Any(code => Uses(code, name)))];
        // code that calls an extension method does not name its class
        Assert.Equal(SeamTypes.Order(), used.Append("RegionNames").Distinct().Order());
        Assert.Contains(Code.Values, code => code.Contains(".Describe()", StringComparison.Ordinal));
    }

    [Fact]
    public void Folders_use_only_the_folders_that_the_table_allows()
    {
        Dictionary<string, string> folders = [];
        foreach (Type type in typeof(DeviceModel).Assembly
            .GetTypes()
            .Where(type => !type.IsNested && !type.Name.Contains('<', StringComparison.Ordinal)))
        {
            string declared = $@"\b(class|struct|interface|enum|record|delegate \w+)\s+{Regex.Escape(type.Name)}\b";
            folders[type.Name] = FolderOf(Code.First(file => Regex.IsMatch(file.Value, declared)).Key);
        }

        IEnumerable<(string From, string To, string Type)> query =
            from file in Code
            from type in folders
            where type.Value != FolderOf(file.Key) && Uses(file.Value, type.Key)
            select (FolderOf(file.Key), type.Value, type.Key);
        (string From, string To, string Type)[] uses = [.. query];
        AssertNone(uses.Where(use => !Arrows[use.From].Contains(use.To))
            .Select(use => $"'{use.From}' uses {use.Type} of '{use.To}'"));
        AssertNone(Arrows.SelectMany(row => row.Value.Where(to => !uses.Any(use => use.From == row.Key && use.To == to))
            .Select(to => $"'{row.Key}' uses nothing of '{to}'")));
    }

    [Fact]
    public void Devices_only_use_public_members()
    {
        // A name that is public here and internal in the library belongs to this package.
        string[] internals = [.. typeof(DeviceModel).Assembly.GetTypes().Concat(typeof(VfioDevice).Assembly.GetTypes())
            .Where(type => type is { IsPublic: false, IsNested: false }
                && !type.Name.Contains('<', StringComparison.Ordinal))
            .Select(type => type.Name.Split('`')[0])
            .Except(typeof(DeviceModel).Assembly.GetExportedTypes().Select(type => type.Name))];
        AssertNone(Code.Where(file => FolderOf(file.Key) == "Devices")
            .SelectMany(
                file => internals.Where(name => Uses(file.Value, name)).Select(name => $"{file.Key} uses {name}")));
    }

    [Fact]
    public void Files_are_short() => AssertNone(Files
        .Where(file => file.Value.Count(c => c == '\n') > MostLines)
        .Select(file => $"{file.Key} has {file.Value.Count(c => c == '\n')} lines"));

    [Fact]
    public void Public_types_have_the_one_namespace_that_users_import() => AssertNone(
        typeof(DeviceModel).Assembly
            .GetExportedTypes()
            .Where(type => type.Namespace != "Vfio.Emulation")
            .Select(type => type.FullName!));

    private static string FolderOf(string path) =>
        path.Split('/') is { Length: > 1 } parts && parts[0] != "Model" ? parts[0]
            : path.Split('/') is ["Model", string part, _, ..] ? part : "";

    private static bool Uses(string code, string name) => Regex.IsMatch(code, $@"(?<![.\w]){Regex.Escape(name)}\b");

    private static void AssertNone(IEnumerable<string> violations)
    {
        string[] found = [.. violations];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [GeneratedRegex(@"\b(unsafe|LibraryImport|DllImport|NativeLibrary|Unsafe\s*\.)")]
    private static partial Regex NativeCode();
}
