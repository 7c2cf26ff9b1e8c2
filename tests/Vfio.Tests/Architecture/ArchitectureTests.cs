using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// The dependency rules of the design, checked on the source of src/Vfio and on the compiled assembly.
/// </summary>
public sealed partial class ArchitectureTests
{
    private const int MostLines = 350;

    /// <summary>Tables of a specification may be longer.</summary>
    private static readonly string[] Tables = [];

    /// <summary>Static objects that can change, and why they are allowed.</summary>
    private static readonly Dictionary<string, string> InertStatics = new()
    {
        ["MemoryGuard._table"] = "changes once: a process has one handler of SIGBUS",
        ["MemoryGuard._isTried"] = "changes once, with it",
        ["MemoryGuard.Gate"] = "the lock of both",
        ["StateJson.s_defaultOptions"] = "made by the compiler's generator, and frozen",
        ["StateJson.<Default>k__BackingField"] = "likewise",
        ["FaultLog.Readers"] = "the process's one descriptor of the kernel's log, while devices are open",
        ["FaultLog.Gate"] = "its lock",
        ["MappingBudget._taken"] =
            "changes: it counts what the kernel counts by process, and nothing else is decided by it",
    };

    private static readonly string Root = Path.Combine(Repository.Root, "src", "Vfio");

    private static Assembly[] Assemblies { get; } =
        [typeof(PciAddress).Assembly, typeof(VfioDevice).Assembly, typeof(BindingPlan).Assembly];

    private static Dictionary<string, string> Files { get; } = Read("Vfio");

    private static Dictionary<string, string> Read(string project)
    {
        string root = Path.Combine(Repository.Root, "src", project);
        return Directory
            .EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path))
            .Where(path => !path.StartsWith("obj/", StringComparison.Ordinal)
                && !path.StartsWith("bin/", StringComparison.Ordinal))
            .ToDictionary(path => path, path => File.ReadAllText(Path.Combine(root, path)));
    }

    private static IEnumerable<(string Path, string Code)> Code =>
        Files.Select(file => (file.Key, SourceText.CodeOf(file.Value)));

    [Fact]
    public void Folders_use_only_the_folders_that_the_table_allows() => AssertNone(RoomRules.FindViolations(Files));

    [Fact]
    public void Folders_use_each_other_without_cycles() => AssertNone(RoomRules.FindCycles(RoomRules.FindUses(Files)));

    [Fact]
    public void Folders_of_Vfio_Host_use_each_other_without_cycles() =>
        AssertNone(RoomRules.FindCycles(RoomRules.FindUses(Read("Vfio.Host"))));

    [Fact]
    public void Every_arrow_of_the_table_is_used()
    {
        IReadOnlyList<RoomRules.Use> uses = RoomRules.FindUses(Files);
        AssertNone(RoomRules.Arrows
            .Where(arrow => !uses.Any(arrow.Allows)
                || !Array.TrueForAll(arrow.Only, type => uses.Any(use => arrow.Allows(use) && use.Type == type)))
            .Select(arrow => $"{arrow.From} uses nothing, or not all, of what it may of {arrow.To}"));
    }

    [Fact]
    public void The_kernel_and_the_c_library_are_called_only_from_interop() =>
        AssertNone(Where(ImportedFunction(), room => room != "Interop"));

    [Fact]
    public void Unsafe_code_stays_in_its_rooms() =>
        AssertNone(Where(UnsafeCode(), room => !RoomRules.UnsafeRooms.Contains(room)));

    [Fact]
    public void The_hosts_side_calls_the_c_library_only_from_interop_and_has_no_unsafe_code_elsewhere() => AssertNone(
        from file in Read("Vfio.Host")
        where RoomRules.RoomOf(file.Key) != "Interop"
        from Match match in ImportedFunction()
            .Matches(SourceText.CodeOf(file.Value))
            .Concat(UnsafeCode().Matches(SourceText.CodeOf(file.Value)))
        select $"{file.Key}: {match.Value}");

    [Fact]
    public void The_library_names_no_command_of_the_tool() => AssertNone(
        from file in Files
        from Match match in ToolCommand().Matches(string.Join(
            '\n', file.Value.Split('\n').Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))))
        select $"{file.Key}: {match.Value}");

    [Fact]
    public void The_seam_fits_on_one_screen()
    {
        string seam = Files["Seam/IDeviceBackend.cs"];
        Assert.InRange(seam.Count(c => c == '\n'), 1, 90);
        Assert.InRange(typeof(IDeviceBackend).GetMethods().Length, 1, 12);
        AssertNone(typeof(VfioDevice).Assembly.GetTypes().Where(type => type.IsInterface)
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Where(method => !method.IsAbstract))
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name} has a default"));
    }

    [Fact]
    public void The_library_writes_nothing_to_the_console_and_never_ends_the_process() =>
        AssertNone(Where(ConsoleOrExit(), _ => true));

    [Fact]
    public void Pci_opens_no_file_but_the_names_and_is_on_its_own()
    {
        // PciNames.Load reads pci.ids, which is a file of the system and not of a device.
        AssertNone(Read("Vfio.Pci")
            .Where(file => file.Key != "PciNames.Load.cs" && FileAccess().IsMatch(SourceText.CodeOf(file.Value)))
            .Select(file => file.Key));
        AssertNone(
            Read("Vfio.Pci")
                .Where(file => ImportedFunction().IsMatch(SourceText.CodeOf(file.Value))
                    || UnsafeCode().IsMatch(SourceText.CodeOf(file.Value)))
                .Select(file => file.Key));
        AssertNone(
            typeof(PciAddress).Assembly
                .GetReferencedAssemblies()
                .Select(name => name.Name!)
                .Where(name => !name.StartsWith("System.", StringComparison.Ordinal)
                    && !name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal)));
    }

    [Fact]
    public void Files_are_short() => AssertNone(Files.Concat(Read("Vfio.Pci")).Concat(Read("Vfio.Host"))
        .Where(file => !Tables.Contains(file.Key) && file.Value.Count(c => c == '\n') > MostLines)
        .Select(file => $"{file.Key} has {file.Value.Count(c => c == '\n')} lines"));

    /// <summary>Except in tables and in the declarations of commands, a method fits on a screen.</summary>
    [Fact]
    public void Methods_are_short()
    {
        const int Most = 50;
        AssertNone(
            from project in Directory.GetDirectories(Path.Combine(Repository.Root, "src"))
                .Select(folder => Path.GetFileName(folder)!)
            from file in Read(project)
            from method in MethodsIn(file.Value)
            where method.Lines > Most && method.Name != "Create"
            select $"{project}/{file.Key}: {method.Name} has {method.Lines} lines");
    }

    [Fact]
    public void A_long_method_would_be_found()
    {
        string body = string.Concat(Enumerable.Repeat("        x++;\n", 60));
        Assert.Equal(
            [("M", 63)], MethodsIn($"class C\n{{\n    private static void M(int a)\n    {{\n{body}    }}\n}}\n"));
    }

    // A method with a block body, from its first line to its closing brace; expression bodies, and so tables, do not
    // count.
    private static IEnumerable<(string Name, int Lines)> MethodsIn(string text)
    {
        string[] lines = text.Split('\n');
        for (int first = 0; first < lines.Length; first++)
        {
            if (MethodHead().Match(lines[first]) is not { Success: true } head)
            {
                continue;
            }

            string indent = head.Groups["indent"].Value;
            int open = first;
            while (open < lines.Length
                && lines[open] != indent + "{"
                && !lines[open].EndsWith(';')
                && !lines[open].Contains("=>", StringComparison.Ordinal))
            {
                open++;
            }

            if (open < lines.Length && lines[open] == indent + "{")
            {
                yield return (head.Groups["name"].Value, Array.IndexOf(lines, indent + "}", open) - first + 1);
            }
        }
    }

    [Fact]
    public void The_library_depends_on_no_package_but_its_own()
    {
        XDocument project = XDocument.Load(Path.Combine(Root, "Vfio.csproj"));
        XElement reference = Assert.Single(
            project.Descendants(),
            element => element.Name.LocalName is "PackageReference" or "ProjectReference" or "Reference");
        Assert.Equal("../Vfio.Pci/Vfio.Pci.csproj", reference.Attribute("Include")?.Value);
        string[] names = [.. typeof(VfioDevice).Assembly
            .GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => name != "Vfio.Pci")];
        AssertNone(names.Where(name => !name.StartsWith("System.", StringComparison.Ordinal)
            && !name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal)));
    }

    [Fact]
    public void Namespace_equals_assembly() => AssertNone(
        Assemblies.SelectMany(assembly => assembly.GetTypes())
            .Where(type => !IsCompilersOwn(type) && type.Namespace != type.Assembly.GetName().Name)
            .Select(type => type.FullName!));

    [Fact]
    public void No_type_has_the_name_of_a_namespace_or_hides_another_assemblys()
    {
        Type[] types = [.. Assemblies.SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.IsNested && !IsCompilersOwn(type))];
        AssertNone(types.Where(type => type.Name is "Host" or "User" or "Pci").Select(type => type.FullName!));
        AssertNone(types.GroupBy(type => type.Name)
            .Where(same => same.Count() > 1)
            .Select(same => string.Join(" and ", same.Select(type => type.FullName))));
    }

    [Fact]
    public void There_is_no_mutable_static_state() => AssertNone(Assemblies.SelectMany(assembly => assembly.GetTypes())
        .Where(type => !IsCompilersOwn(type)) // caches of delegates, tables of constants
        .SelectMany(type => type.GetFields(
            BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(field => !field.IsLiteral
            && !(field.IsInitOnly && IsImmutable(field.FieldType, isPrivate: field.IsPrivate)))
        .Select(field => $"{field.DeclaringType!.Name}.{field.Name}")
        .Except(InertStatics.Keys));

    [Fact]
    public void Every_exception_to_the_rule_of_static_state_is_needed() => Assert.All(InertStatics.Keys, name =>
    {
        string[] parts = name.Split('.');
        Type type = Assert.Single(
            Assemblies.SelectMany(assembly => assembly.GetTypes()), type => type.Name == parts[0]);
        Assert.NotNull(type.GetField(parts[1], BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic));
    });

    [Theory]
    [InlineData(typeof(string), true)]
    [InlineData(typeof(int), true)]
    [InlineData(typeof(TimeSpan), true)]
    [InlineData(typeof(PciAddress), true)]
    [InlineData(typeof(HostRoot), true)]
    [InlineData(typeof(RegionIndex), true)]
    [InlineData(typeof(List<int>), false)]
    [InlineData(typeof(Dictionary<string, string>), false)]
    [InlineData(typeof(BindingJournal), true)]
    [InlineData(typeof(VfioDevice), false)]
    [InlineData(typeof(Lock), false)]
    [InlineData(typeof(int[]), false)]
    public void Mutable_types_are_distinguished_from_immutable_ones(Type type, bool isImmutable) =>
        Assert.Equal(isImmutable, IsImmutable(type, isPrivate: false));

    // Immutable all the way down; a private array counts as a table of constants.
    private static bool IsImmutable(Type type, bool isPrivate)
    {
        if (type.IsPrimitive
            || type.IsEnum
            || type == typeof(string)
            || type == typeof(TimeSpan)
            || type == typeof(DateTimeOffset))
        {
            return true;
        }

        if (type.IsArray)
        {
            return isPrivate && IsImmutable(type.GetElementType()!, isPrivate);
        }

        if (type.IsGenericType && type.Name is "IReadOnlyList`1" or "ValueTuple`2" or "ReadOnlyCollection`1")
        {
            return type.GetGenericArguments().All(argument => IsImmutable(argument, isPrivate));
        }

        return Assemblies.Contains(type.Assembly) && (type.IsSealed || type.IsValueType)
            && type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .All(field => field.IsInitOnly && IsImmutable(field.FieldType, isPrivate: field.IsPrivate));
    }

    private static bool IsCompilersOwn(Type type) => type.FullName!.Contains('<', StringComparison.Ordinal)
        || type.Namespace is "System.Runtime.CompilerServices"
            or "Microsoft.CodeAnalysis"
            or "System.Runtime.InteropServices.Marshalling"
            or "System.Text.RegularExpressions.Generated";

    private static IEnumerable<string> Where(Regex pattern, Func<string, bool> isForbiddenIn) =>
        from file in Code
        where isForbiddenIn(RoomRules.RoomOf(file.Path))
        from Match match in pattern.Matches(file.Code)
        select $"{file.Path}: {match.Value}";

    private static void AssertNone(IEnumerable<string> violations)
    {
        string[] found = [.. violations];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [GeneratedRegex(
        @"^(?<indent>(?:    ){1,2})(?:(?:public|private|internal|protected|static|override|async|unsafe|virtual"
        + @"|sealed|readonly) )+(?!class |record |struct |enum |interface |const )[^=({;]* ?\b"
        + @"(?<name>\w+)(?:<[^>]*>)?\(")]
    private static partial Regex MethodHead();

    [GeneratedRegex(@"\b(LibraryImport|DllImport|NativeLibrary)\b")]
    private static partial Regex ImportedFunction();

    [GeneratedRegex(@"\b(unsafe|stackalloc\s+\w+\s*\*|Unsafe\s*\.\s*(As|Add|AsPointer|AsRef|Read|Write)\w*)\b")]
    private static partial Regex UnsafeCode();

    [GeneratedRegex(@"\bConsole\s*\.|\bEnvironment\s*\.\s*(Exit|FailFast|ExitCode)\b")]
    private static partial Regex ConsoleOrExit();

    [GeneratedRegex(
        @"\bvfio (bind|release|list|show|groups|doctor|status|sriov|broker|read|write|dump|watch|shell|irq|reset|run"
        + @"|demo)\b(?! driver)")]
    private static partial Regex ToolCommand();

    [GeneratedRegex(@"\b(File|Directory|FileInfo|DirectoryInfo|FileStream|Process|Socket)\s*[.(]")]
    private static partial Regex FileAccess();
}
