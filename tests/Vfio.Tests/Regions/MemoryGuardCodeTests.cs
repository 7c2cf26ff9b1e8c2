using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Vfio.Tests;

/// <summary>The guard's machine code agrees with its source, and has the intended effect on whole processes.</summary>
public sealed partial class MemoryGuardCodeTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "src", "Vfio", "Regions");

    [Fact]
    public void The_bytes_are_what_the_assembler_makes_of_the_source()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "the code is for x86-64 alone");
        Assert.SkipUnless(
            File.Exists("/usr/bin/gcc") && File.Exists("/usr/bin/objcopy"),
            "no gcc and objcopy: eng/setup installs them");
        (int exitCode, string output) = Run(Path.Combine(Repository.Root, "eng", "guard-code"), "--print");
        Assert.Equal(0, exitCode);
        Assert.Equal(output.Trim(), Convert.ToHexStringLower(MemoryGuardCode.X64));
    }

    [Fact]
    public void Source_and_library_have_the_same_table()
    {
        Dictionary<string, int> source = Definition().Matches(File.ReadAllText(Path.Combine(Folder, "MemoryGuard.S")))
            .ToDictionary(
                match => match.Groups[1].Value,
                match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
        GuardTable table = default;
        GuardSlot slot = default;
        Dictionary<string, int> library = new()
        {
            ["TABLE"] = MemoryGuard.TablePlace,
            ["TABLE_OLD"] = Place(ref table, ref table.Old),
            ["TABLE_ONES"] = Place(ref table, ref table.Ones),
            ["TABLE_LIMIT"] = Place(ref table, ref table.Limit),
            ["TABLE_TAKEN"] = Place(ref table, ref table.Taken),
            ["TABLE_BUSY"] = Place(ref table, ref table.Busy),
            ["TABLE_COUNT"] = Place(ref table, ref table.Count),
            ["TABLE_DEFAULT"] = Place(ref table, ref table.Default),
            ["TABLE_SLOTS"] = Unsafe.SizeOf<GuardTable>(),
            ["SLOT_START"] = Place(ref slot, ref slot.Start),
            ["SLOT_LENGTH"] = Place(ref slot, ref slot.Length),
            ["SLOT_HITS"] = Place(ref slot, ref slot.Hits),
            ["SLOT_GRACE"] = Place(ref slot, ref slot.Grace),
            ["SLOT_BYTES"] = Unsafe.SizeOf<GuardSlot>(),
            ["PIECE"] = MemoryGuard.Piece,
        };
        Assert.Equal(
            library.OrderBy(pair => pair.Key),
            source.Where(pair => library.ContainsKey(pair.Key)).OrderBy(pair => pair.Key));
        Assert.DoesNotContain(
            source.Keys, name => name.StartsWith("TABLE", StringComparison.Ordinal) && !library.ContainsKey(name));
        Assert.True(MemoryGuardCode.X64.Length <= MemoryGuard.TablePlace);
    }

    // Threads with the garbage collector running, null references, faults of others, signals sent: tests/Vfio.Guard
    // lists them.
    [Fact]
    public void Processes_live_or_end_as_they_should()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "the code is for x86-64 alone");
        (int exitCode, string output) = Run(Path.Combine(
            AppContext.BaseDirectory.Replace("Vfio.Tests", "Vfio.Guard", StringComparison.Ordinal), "Vfio.Guard"));
        TestContext.Current.SendDiagnosticMessage(output);
        Assert.True(exitCode == 0, output);
        Assert.StartsWith("compiled just in time", output, StringComparison.Ordinal);
        Assert.Equal(13, output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
    }

    private static int Place<TWhole, TField>(ref TWhole whole, ref TField field) =>
        (int)Unsafe.ByteOffset(ref Unsafe.As<TWhole, byte>(ref whole), ref Unsafe.As<TField, byte>(ref field));

    private static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    [GeneratedRegex(@"^#define\s+(\w+)\s+(\d+)", RegexOptions.Multiline)]
    private static partial Regex Definition();
}
