using System.Text;
using System.Text.Json;
using Vfio.Pci;

namespace Vfio.Cli.Tests;

/// <summary>Runs commands of the tool in this process, on a fake host, and captures their output.</summary>
internal static class Tool
{
    // Fixed names, so that the tests do not depend on the pci.ids of the host they run on.
    private const string Names = """
        1002  Advanced Micro Devices, Inc. [AMD/ATI]
        	73bf  Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]
        1234  Technical Corp.
        1af4  Red Hat, Inc.
        	1041  Virtio 1.0 network device
        1b36  Red Hat, Inc.
        	000c  QEMU PCIe Root port
        	0010  QEMU NVM Express Controller
        8086  Intel Corporation
        	10d3  82574L Gigabit Network Connection
        	29c0  82G33/G31/P35/P31 Express DRAM Controller
        C 02  Network controller
        	00  Ethernet controller
        """;

    public static Terminal Narrow { get; } = new(80, HasColour: false);

    public static Result Run(FakeHost host, params string[] arguments) => Run(host, Narrow, arguments);

    public static Result Run(FakeHost host, Terminal terminal, params string[] arguments) =>
        Run(host, terminal, unchanged => unchanged, arguments);

    public static Result Run(FakeHost host, Terminal terminal, Func<CliHost, CliHost> change, params string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter errors = new() { NewLine = "\n" };
        int code = VfioCommandLine.Run(arguments, change(MakeHost(host.Root, terminal, output, errors)));
        // The path of a fake host differs in each run.
        string Portable(TextWriter text) => text.ToString()!.Replace(host.PathOf(""), "", StringComparison.Ordinal);
        return new Result(code, Portable(output), Portable(errors));
    }

    public static CliHost MakeHost(HostRoot root, Terminal terminal, TextWriter output, TextWriter errors) => new()
    {
        Root = root,
        Out = output,
        Error = errors,
        Terminal = terminal,
        Clock = new UtcClock(),
        LoadNames = () => PciNames.Parse(Encoding.UTF8.GetBytes(Names)),
    };

    private sealed class UtcClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    }
}

/// <summary>Represents the result of a command.</summary>
internal sealed record Result(int ExitCode, string Output, string Errors)
{
    public JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Output);
            return document.RootElement.Clone();
        }
    }

    /// <summary>Checks that it succeeded and wrote nothing to stderr.</summary>
    public Result Succeeded()
    {
        Assert.True(ExitCode == 0 && Errors.Length == 0, ToString());
        return this;
    }

    /// <summary>
    /// Checks that it failed as every command does: lines "vfio: …", one "hint: …", and nothing else.
    /// </summary>
    public Result FailedWith(int exitCode, string message, string hint)
    {
        Assert.True(ExitCode == exitCode, ToString());
        string[] lines = Errors.TrimEnd('\n').Split('\n');
        Assert.All(lines[..^1], line => Assert.StartsWith("vfio: ", line, StringComparison.Ordinal));
        Assert.StartsWith("hint: ", lines[^1], StringComparison.Ordinal);
        Assert.Contains(message, string.Join('\n', lines[..^1]), StringComparison.Ordinal);
        Assert.Contains(hint, lines[^1], StringComparison.Ordinal);
        return this;
    }

    /// <summary>Checks that no line is wider than this number of columns.</summary>
    public Result FitsIn(int columns)
    {
        Assert.All(
            Output.Split('\n'),
            line => Assert.True(Printable.Width(line) <= columns, $"{Printable.Width(line)} columns: {line}"));
        return this;
    }

    public override string ToString() => $"exit code {ExitCode}\n{Output}{Errors}";
}
