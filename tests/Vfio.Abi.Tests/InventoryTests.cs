using System.Reflection;
using System.Text.RegularExpressions;
using Vfio.Tests;

namespace Vfio.Abi.Tests;

/// <summary>
/// Compares <c>docs/uapi.md</c> with the kernel's headers, the public API and the Interop room: the page lists every
/// name of <c>linux/vfio.h</c> and <c>linux/iommufd.h</c>, and what it says is true.
/// </summary>
public sealed partial class InventoryTests
{
    // Linux 7.2's headers have it, 7.1's have not
    private const string NewestName = "VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2";

    private static readonly string[] Ways = ["public", "internal", "left out"];

    private static readonly string[] Headers = ["vfio.h", "iommufd.h"];

    private static readonly IReadOnlyList<Row> Page = ReadPage();

    private static readonly HashSet<string> Interop = FindInterop();

    [Theory]
    [InlineData("vfio.h")]
    [InlineData("iommufd.h")]
    public void Every_name_of_a_header_is_decided_once(string header)
    {
        List<string> names = ReadHeader(header);
        string[] decided = [.. Page.Where(row => row.Header == header).SelectMany(row => row.Names)];
        Assert.InRange(names.Count, 100, 1000); // the headers were found and read
        Assert.Empty(names.Except(decided).Select(name => $"{name} is missing in docs/uapi.md"));
        Assert.Empty(decided.Except(names).Select(name => $"{name} of docs/uapi.md is not in {header}"));
        Assert.Empty(decided.GroupBy(name => name)
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key} stands twice in docs/uapi.md"));
    }

    [Fact]
    public void Each_member_listed_as_public_exists()
    {
        Row[] rows = [.. Page.Where(row => row.How == "public")];
        Assert.NotEmpty(rows);
        Assert.Empty(rows.Where(row => !IsPublic(row.Where.Trim('`')))
            .Select(row => $"{row.Where}, said of {row.Names[0]}, is no public member"));
    }

    [Fact]
    public void What_is_used_is_what_Interop_has()
    {
        string[] used = [.. Page.Where(row => row.How is "public" or "internal").SelectMany(row => row.Names)];
        // Regions and their number are the enumeration's: only its ends are compared with C.
        string[] implied =
        [
            "VFIO_PCI_BAR1_REGION_INDEX",
            "VFIO_PCI_BAR2_REGION_INDEX",
            "VFIO_PCI_BAR3_REGION_INDEX",
            "VFIO_PCI_BAR4_REGION_INDEX",
            "VFIO_PCI_NUM_REGIONS",
        ];
        Assert.Empty(used.Except(Interop)
            .Except(implied)
            .Select(name => $"{name} is said to be used, but Interop has not got it"));
        string[] leftOut = [.. Page.Where(row => row.How == "left out").SelectMany(row => row.Names)];
        Assert.Empty(leftOut.Intersect(Interop).Select(name => $"{name} is said to be left out, but Interop has it"));
    }

    [Fact]
    public void Each_row_is_one_of_three_and_gives_its_reason()
    {
        Assert.All(Page, row => Assert.Contains(row.How, Ways));
        Assert.All(Page, row => Assert.NotEqual("", row.Where));
        Assert.Equal(Headers, Page.Select(row => row.Header).Distinct());
    }

    [Fact]
    public void A_name_that_is_missing_would_be_found()
    {
        string text = "#define VFIO_A (1)\nenum x {\n\tVFIO_B,\n#define VFIO_C 2\n\tVFIO_D = 4,\n};\n"
            + "/* #define VFIO_NOT */\nstruct vfio_e {\n\t__u32 argsz;\n};\n";
        Assert.Equal(
            ["VFIO_A", "VFIO_B", "VFIO_C", "VFIO_D", "struct vfio_e"], NamesIn(text).Order(StringComparer.Ordinal));
        Assert.False(IsPublic("VfioDevice.Nonsense"));
        Assert.False(IsPublic("DeviceFile.Reset"));
        Assert.True(IsPublic("VfioDevice.Reset"));
    }

    private static List<string> ReadHeader(string header)
    {
        string? folder = Environment.GetEnvironmentVariable("VFIO_UAPI_DIR");
        string? path = new[] { folder, "/usr/include" }
            .OfType<string>()
            .Select(start => Path.Combine(start, "linux", header))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"no linux/{header}: VFIO_UAPI_DIR, or linux-libc-dev");
        string vfio = File.ReadAllText(Path.Combine(Path.GetDirectoryName(path)!, "vfio.h"));
        Assert.SkipUnless(
            vfio.Contains(NewestName, StringComparison.Ordinal),
            $"{path} is older than Linux 7.2, whose names docs/uapi.md lists: set VFIO_UAPI_DIR to newer headers");
        return NamesIn(File.ReadAllText(path!));
    }

    private static List<string> NamesIn(string text)
    {
        text = Comment().Replace(text, "");
        List<string> names = [.. Define().Matches(text).Select(match => match.Groups[1].Value)];
        foreach (Match body in Enumeration().Matches(text))
        {
            names.AddRange(EnumerationName()
                .Matches(Directive().Replace(body.Groups[1].Value, ""))
                .Select(match => match.Groups[1].Value));
        }

        names.AddRange(Structure().Matches(text).Select(match => $"struct {match.Groups[1].Value}"));
        return names;
    }

    private static List<Row> ReadPage()
    {
        List<Row> rows = [];
        string header = "";
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, "docs", "uapi.md")))
        {
            if (line.StartsWith("## `linux/", StringComparison.Ordinal))
            {
                header = line["## `linux/".Length..].TrimEnd('`');
            }
            else if (line.StartsWith("| `", StringComparison.Ordinal)
                && line.Trim('|').Split('|', 3) is [string names, string how, string where])
            {
                rows.Add(new Row(
                    header, [.. names.Split(',').Select(name => name.Trim(' ', '`'))], how.Trim(), where.Trim()));
            }
        }

        return rows;
    }

    private static HashSet<string> FindInterop()
    {
        IEnumerable<Type> rooms = typeof(VfioDevice).Assembly
            .GetTypes()
            .Where(type => type is { IsNested: false, Name: "VfioUapi" or "IommufdUapi" });
        return
        [
            .. rooms.SelectMany(room => room.GetFields(BindingFlags.Static | BindingFlags.Public))
                .Where(field => field.IsLiteral)
                .Select(field => field.Name),
            .. rooms.SelectMany(room => room.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic))
                .Select(type => $"struct {type.Name}"),
        ];
    }

    private static bool IsPublic(string name)
    {
        string[] parts = name.Split('.');
        Type? type = typeof(VfioDevice).Assembly.GetType($"Vfio.{parts[0]}")
            ?? typeof(Pci.PciAddress).Assembly.GetType($"Vfio.Pci.{parts[0]}");
        return type is { IsPublic: true } && (parts.Length == 1 || type.GetMember(parts[1]).Length != 0);
    }

    private sealed record Row(string Header, IReadOnlyList<string> Names, string How, string Where);

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)", RegexOptions.Multiline)]
    private static partial Regex Define();

    [GeneratedRegex(@"^[ \t]*#.*$", RegexOptions.Multiline)]
    private static partial Regex Directive();

    [GeneratedRegex(@"\benum\b\s*\w*\s*\{(.*?)\}", RegexOptions.Singleline)]
    private static partial Regex Enumeration();

    [GeneratedRegex(@"([A-Za-z_]\w*)\s*(?:=[^,}]*)?(?:,|$)")]
    private static partial Regex EnumerationName();

    [GeneratedRegex(@"\bstruct\s+(\w+)\s*\{")]
    private static partial Regex Structure();
}
