using System.Globalization;
using System.Reflection;
using Vfio.Host;
using Vfio.Tests;

namespace Vfio.Abi.Tests;

/// <summary>
/// The C compiler checks every constant and every structure of the Interop rooms, of the library and of the host side,
/// against the kernel headers in <c>VFIO_UAPI_DIR</c> or, if that is not set, the system's.
/// </summary>
public sealed class AbiTests
{
    private const string UapiVariable = "VFIO_UAPI_DIR";

    private static AbiItems Found { get; } = new AbiItems(new AbiRules()).Add(Types);

    private static IEnumerable<Type> Types =>
    [
        .. SourceRooms.TypesIn(typeof(Libc).Assembly, "Vfio/Interop"),
        typeof(Errno),
        .. SourceRooms.TypesIn(typeof(HostLibc).Assembly, "Vfio.Host/Interop"),
    ];

    [Fact]
    public void Every_item_agrees_with_the_headers()
    {
        Verdict verdict = NewJudge().Judge(Found.Items);
        Report($"{verdict.Agreed.Count} items agree with C, judged by "
            + $"{Environment.GetEnvironmentVariable(UapiVariable) ?? "the system's headers"}");
        foreach (string name in verdict.Absent)
        {
            Report($"not checked: {name}, absent from the headers");
        }

        Assert.True(verdict.Wrong.Count == 0, string.Join('\n', verdict.Wrong));
        Assert.NotEmpty(verdict.Agreed);
    }

    [Fact]
    public void Every_item_has_a_rule() => Assert.True(
        Found.Unruled.Count == 0,
        $"without a rule in {nameof(AbiRules)}, so never checked: {string.Join(", ", Found.Unruled)}");

    [Fact]
    public void Every_rule_has_an_item()
    {
        AbiRules rules = new();
        HashSet<string> names = [.. Types
            .SelectMany(type => type
                .GetFields(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Select(field => $"{NameOf(type)}.{field.Name}")
                .Append(NameOf(type)))];
        Assert.All(
            rules.StructNames.Keys.Concat(rules.Fields.Keys).Concat(rules.Constants.Keys).Concat(rules.Own.Keys),
            name => Assert.Contains(name, names));

        static string NameOf(Type type) =>
            type.DeclaringType is Type outer ? $"{NameOf(outer)}.{type.Name}" : type.Name;
    }

    [Fact]
    public void The_items_that_matter_most_are_among_them()
    {
        string[] names = [.. Found.Items.Select(item => item.Name)];
        foreach (string name in (string[])[
            "VfioUapi.VFIO_DEVICE_GET_REGION_INFO",
            "offset of VfioUapi.vfio_region_info.offset",
            "size of VfioUapi.vfio_group_status",
            "Libc.O_CLOEXEC",
            "Libc.MAP_FAILED",
            "Libc.AT_FDCWD",
            "offset of Libc.statx.stx_uid",
            "offset of Libc.passwd.pw_gid",
            "Errno.ENODEV",
            "NetworkUapi.SIOCSIFNAME",
        ])
        {
            Assert.Contains(name, names);
        }
    }

    [Fact]
    public void The_errno_names_in_messages_are_the_c_librarys()
    {
        AbiItem[] named = [.. Enumerable.Range(1, 255)
            .Select(errno => (errno, name: ErrnoNames.Describe(errno).Split(' ')[0]))
            .Where(pair => pair.name != "errno")
            .Select(pair => new AbiItem(
                pair.name,
                HeaderSet.CLibrary,
                pair.name,
                pair.errno.ToString(CultureInfo.InvariantCulture),
                IsSigned: true))];
        Assert.InRange(named.Length, 20, 255);
        Verdict verdict = NewJudge().Judge(named);
        Assert.Empty(verdict.Absent);
        Assert.True(verdict.Wrong.Count == 0, string.Join('\n', verdict.Wrong));
    }

    /// <summary>Skips if the compiler or the headers are missing; fails if they exist but do not work.</summary>
    internal static AbiJudge NewJudge()
    {
        CCompiler? compiler = CCompiler.Find(Environment.GetEnvironmentVariable("PATH"));
        Assert.SkipWhen(
            compiler is null,
            $"no C compiler on the PATH (looked for {string.Join(", ", CCompiler.Candidates)}): apt-get "
            + $"install gcc libc6-dev");
        string? folder = Environment.GetEnvironmentVariable(UapiVariable);
        AbiJudge judge = new(compiler, string.IsNullOrEmpty(folder) ? null : Path.GetFullPath(folder));
        Assert.Null(judge.Complaint());
        return judge;
    }

    // Writes to the test's own output and to the console, so that a person who runs all tests sees it.
    private static void Report(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        Console.WriteLine(line);
    }
}
