using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Vfio.Pci;
using Vfio.Tests;

namespace Vfio.Drivers.Tests;

/// <summary>
/// The driver packages prove that the public API of the library is sufficient: they depend only on it and use no unsafe
/// code.
/// </summary>
public sealed partial class ArchitectureTests
{
    private const int MostLines = 350;

    [Theory]
    [MemberData(nameof(Packages.Names), MemberType = typeof(Packages))]
    public void A_package_depends_only_on_the_library(string package)
    {
        XDocument project = XDocument.Load(Path.Combine(Folder(package), $"{package}.csproj"));
        Assert.Equal(
            ["../Vfio/Vfio.csproj"],
            project.Descendants()
                .Where(element => element.Name.LocalName is "ProjectReference" or "PackageReference" or "Reference")
                .Select(element => element.Attribute("Include")?.Value));
        Assert.All(
            Assembly.Load(package).GetReferencedAssemblies(),
            name => Assert.True(
                name.Name is "Vfio" or "Vfio.Pci" || name.Name!.StartsWith("System.", StringComparison.Ordinal),
                name.Name));
    }

    [Theory]
    [MemberData(nameof(Packages.Names), MemberType = typeof(Packages))]
    public void The_library_shows_a_package_nothing_but_its_public_api(string package)
    {
        // Without this attribute, the compiler can only access public members; the only other way would be reflection.
        Assert.DoesNotContain(
            typeof(VfioDevice).Assembly.GetCustomAttributes<InternalsVisibleToAttribute>(),
            attribute => attribute.AssemblyName == package);
        AssertNone(Sources(package)
            .SelectMany(file => Reflection().Matches(file.Code).Select(match => $"{file.Name}: {match.Value}")));
    }

    [Theory]
    [MemberData(nameof(Packages.Names), MemberType = typeof(Packages))]
    public void A_package_has_no_unsafe_code_and_calls_no_native_function(string package)
    {
        XDocument project = XDocument.Load(Path.Combine(Folder(package), $"{package}.csproj"));
        Assert.DoesNotContain(project.Descendants(), element => element.Name.LocalName == "AllowUnsafeBlocks");
        AssertNone(Sources(package)
            .SelectMany(file => Unsafe().Matches(file.Code).Select(match => $"{file.Name}: {match.Value}")));
    }

    [Theory]
    [MemberData(nameof(Packages.Names), MemberType = typeof(Packages))]
    public void A_package_has_no_static_state_but_its_map(string package) =>
        AssertNone(Assembly.Load(package).GetTypes()
            .Where(type => !type.FullName!.Contains("<PrivateImplementationDetails>", StringComparison.Ordinal)
                && !type.Name.StartsWith("<>", StringComparison.Ordinal))
            .SelectMany(type => type.GetFields(
                BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => !field.IsLiteral && !(field.IsInitOnly && field.FieldType == typeof(RegisterMap)))
            .Select(field => $"{field.DeclaringType!.Name}.{field.Name}"));

    [Theory]
    [MemberData(nameof(Packages.Names), MemberType = typeof(Packages))]
    public void Public_types_have_the_packages_namespace(string package) =>
        Assert.All(Assembly.Load(package).GetExportedTypes(), type => Assert.Equal(package, type.Namespace));

    [Theory]
    [MemberData(nameof(Packages.Names), MemberType = typeof(Packages))]
    public void Files_are_short_and_have_one_public_type(string package)
    {
        Assert.NotEmpty(Sources(package));
        AssertNone(Sources(package)
            .Where(file => file.Code.Count(c => c == '\n') > MostLines)
            .Select(file => $"{file.Name} is long"));
        AssertNone(Sources(package)
            .Where(file => PublicType().Count(file.Code) > 1)
            .Select(file => $"{file.Name} has several public types"));
    }

    [Fact]
    public void Every_package_of_a_driver_is_known_here() => Assert.Equal(
        Directory.GetDirectories(Path.Combine(Repository.Root, "src"))
            .Select(path => Path.GetFileName(path))
            .Where(name => name.StartsWith("Vfio.Drivers.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
        Packages.Names.Select(row => row.Data).Order(StringComparer.Ordinal));

    private static string Folder(string package) => Path.Combine(Repository.Root, "src", package);

    private static IEnumerable<(string Name, string Code)> Sources(string package) => Directory
        .EnumerateFiles(Folder(package), "*.cs", SearchOption.AllDirectories)
        .Select(path => (Name: Path.GetRelativePath(Folder(package), path), Path: path))
        .Where(file => !file.Name.StartsWith("obj/", StringComparison.Ordinal)
            && !file.Name.StartsWith("bin/", StringComparison.Ordinal))
        .Select(file => (file.Name, SourceText.CodeOf(File.ReadAllText(file.Path))));

    private static void AssertNone(IEnumerable<string> violations)
    {
        string[] found = [.. violations];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [GeneratedRegex(@"\b(unsafe|LibraryImport|DllImport|NativeLibrary|Marshal|MemoryMarshal|Unsafe)\b")]
    private static partial Regex Unsafe();

    [GeneratedRegex(@"\b(System\.Reflection|UnsafeAccessor\w*|typeof\s*\([^)]*\)\s*\.\s*Get\w+)\b")]
    private static partial Regex Reflection();

    [GeneratedRegex(@"^public\b.*\b(class|struct|enum|interface|delegate|record)\b", RegexOptions.Multiline)]
    private static partial Regex PublicType();
}
