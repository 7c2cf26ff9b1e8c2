using System.CommandLine;

namespace Vfio.Cli.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();

    public static TheoryData<string> Commands { get; } = [.. ListCommands()];

    public void Dispose() => _host.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public void Help_has_an_example_and_fits_80_columns(string command)
    {
        string[] arguments = [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"];
        string help = Tool.Run(_host, arguments).Succeeded().FitsIn(80).Output;
        Assert.Contains("Examples:\n  ", help, StringComparison.Ordinal);
        Assert.Contains(
            $"vfio {command}".TrimEnd(),
            help[help.IndexOf("Examples:", StringComparison.Ordinal)..],
            StringComparison.Ordinal);
        Approved.Matches($"help-{(command.Length == 0 ? "vfio" : command)}", help);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_help_command_prints_the_same_as_the_help_option(string command)
    {
        string[] arguments = command.Length == 0 ? [] : [command];
        Assert.Equal(Tool.Run(_host, [.. arguments, "--help"]).Output, Tool.Run(_host, ["help", .. arguments])
            .Succeeded().Output);
    }

    [Fact]
    public void Help_with_colour_and_on_a_wide_terminal()
    {
        Approved.Matches(
            "help-vfio-colour", Tool.Run(_host, new Terminal(80, HasColour: true), "--help").Succeeded().Output);
        Assert.Equal(
            Tool.Run(_host, "--help").Output, Tool.Run(_host, new Terminal(200, HasColour: false), "--help").Output);
    }

    [Fact]
    public void Help_fits_a_narrower_terminal() =>
        Tool.Run(_host, new Terminal(60, HasColour: false), "bind", "--help").Succeeded().FitsIn(60);

    [Theory]
    [InlineData("-h")]
    [InlineData("--help")]
    [InlineData("bind", "-h")]
    [InlineData("read", "nonsense", "--help")]
    public void Help_wins_over_mistakes(params string[] arguments) => Tool.Run(_host, arguments).Succeeded();

    [Fact]
    public void Without_a_command_the_help_is_shown() =>
        Assert.Equal(Tool.Run(_host, "--help").Output, Tool.Run(_host).Succeeded().Output);

    [Fact]
    public void Version_is_one_line() =>
        Assert.Matches("^vfio [0-9]+\\.[0-9]+\\.[0-9]+\n$", Tool.Run(_host, "--version").Succeeded().Output);

    [Theory]
    [InlineData("'lsit' is not a command", "did you mean 'list'?", "lsit")]
    [InlineData("'--jsno' is not an option", "did you mean '--json'?", "list", "--jsno")]
    [InlineData("'extra' is not expected", "vfio list --help", "list", "extra")]
    [InlineData("'zebra' is not a device of this host", "vfio list", "bind", "zebra")]
    [InlineData("'0000:00:20.0' is not a PCI address", "vfio list", "read", "0000:00:20.0", "bar0")]
    [InlineData("'unbind' is not a command", "vfio release DEV", "unbind", "eth0")]
    [InlineData("'set-override' is not a command", "vfio bind --persist DEV", "set-override", "00:14.3", "vfio-pci")]
    [InlineData("'info' is not a command", "vfio show DEV", "info", "eth0")]
    [InlineData("'lspci' is not a command", "vfio list", "lspci")]
    [InlineData("'--status' is not an option", "vfio status", "--status")]
    [InlineData("'-s' is not an option", "vfio show DEV", "-s", "00:14.3")]
    [InlineData("'-b' is not an option", "vfio bind DEV", "-b", "vfio-pci", "00:14.3")]
    [InlineData("'--bind=vfio-pci' is not an option", "vfio bind DEV", "--bind=vfio-pci", "00:14.3")]
    [InlineData("'-u' is not an option", "vfio release DEV", "-u", "00:14.3")]
    [InlineData("'-nnk' is not an option", "vfio list", "-nnk")]
    [InlineData("'-nnk' is not an option", "vfio list", "list", "-nnk")]
    [InlineData("'-vv' is not an option", "vfio show --verbose", "list", "-vv")]
    [InlineData("'--tree' is not an option", "vfio groups", "list", "--tree")]
    [InlineData("'--dryrun' is not an option", "--dry-run", "bind", "--dryrun", "eth0")]
    [InlineData("'--dryrun' is not an option", "--dry-run", "bind", "eth0", "--dryrun")]
    [InlineData("'--frobnicate' is not an option", "vfio bind --help", "bind", "--frobnicate", "eth0")]
    [InlineData("'--frobnicate=1' is not an option", "vfio status --help", "status", "--frobnicate=1")]
    [InlineData("'-q' is not an option", "vfio show --help", "show", "-q")]
    [InlineData("'8086:10d3' is a vendor and device ID", "vfio list --id 8086:10d3", "bind", "8086:10d3")]
    [InlineData("'pci_0000_00_14_3' is not how", "did you mean 0000:00:14.3?", "bind", "pci_0000_00_14_3")]
    [InlineData("'pci@0000:00:14.3' is not how", "did you mean 0000:00:14.3?", "show", "pci@0000:00:14.3")]
    [InlineData(
        "'/sys/bus/pci/devices/0000:00:14.3' is not how",
        "did you mean 0000:00:14.3?",
        "show",
        "/sys/bus/pci/devices/0000:00:14.3")]
    [InlineData("'--x' is not a device", "vfio list", "bind", "--", "--x")]
    [InlineData("DEV", "vfio bind --help", "bind")]
    [InlineData("PLACE", "vfio read --help", "read", "00:14.3")]
    [InlineData("VALUE", "vfio write --help", "write", "00:14.3", "bar0")]
    [InlineData("'bar9' is neither a place nor a register", "bar0+0x10", "read", "00:14.3", "bar9")]
    [InlineData("'bar:9' is not a place", "vfio read --help", "read", "00:14.3", "bar:9")]
    [InlineData("'0x' is not an offset", "vfio read --help", "read", "00:14.3", "bar0+0x")]
    [InlineData("'7' is not a width", "vfio read --help", "read", "00:14.3", "bar0", "-w", "7")]
    [InlineData("'0' is not a count", "vfio read --help", "read", "00:14.3", "bar0", "-n", "0")]
    [InlineData(
        "'99999999999999999999' is not a count",
        "vfio read --help",
        "read",
        "00:14.3",
        "bar0",
        "-n",
        "99999999999999999999")]
    [InlineData("'-1' is not a value", "vfio write --help", "write", "00:14.3", "bar0", "-1")]
    [InlineData("'one' is not a value", "vfio write --help", "write", "00:14.3", "bar0", "one")]
    [InlineData("0x1ff does not fit into a register of 8 bits", "-w", "write", "00:14.3", "bar0", "0x1ff", "-w", "8")]
    [InlineData("bar0+0x02 is not aligned", "-w", "read", "00:14.3", "bar0+2")]
    [InlineData("config+0x03 is not aligned", "-w", "write", "00:14.3", "config+3", "1", "-w", "16")]
    [InlineData("'soup' is not a class", "vfio list --help", "list", "--class", "soup")]
    [InlineData("'x' is not a group", "vfio list --help", "list", "--group", "x")]
    [InlineData("--class", "vfio list --help", "list", "--class")]
    [InlineData("no device is named", "vfio release --help", "release")]
    [InlineData("devices and --all cannot be combined", "vfio release --help", "release", "--all", "00:14.3")]
    [InlineData("'@file' is not a device of this host", "vfio list", "bind", "@file")]
    [InlineData("'eth0' is not expected", "vfio show eth0", "list", "eth0")]
    [InlineData("'00:14.3' is not expected", "vfio show 00:14.3", "list", "00:14.3")]
    [InlineData("'nvme' is not expected", "vfio list --class nvme", "list", "nvme")]
    [InlineData("'gigabit' is not expected", "vfio list --name gigabit", "list", "gigabit")]
    [InlineData("'eth0' is not a command", "vfio show eth0", "eth0")]
    [InlineData("'soup' is not a device of this host", "vfio list", "status", "soup")]
    [InlineData("'soup' is not a pair of IDs", "vfio list --help", "list", "--id", "soup")]
    [InlineData("'80861:1' is not a pair of IDs", "vfio list --help", "list", "--id", "80861:1")]
    [InlineData("'lits' is not a command", "did you mean 'list'?", "help", "lits")]
    [InlineData("'complete' is not a command", "", "help", "complete")]
    [InlineData("'tcsh' is not a supported shell", "vfio completion --help", "completion", "tcsh")]
    [InlineData("--config and --json cannot be combined", "vfio show --help", "show", "eth0", "--config", "--json")]
    public void Wrong_usage_is_one_line_and_a_hint(string message, string hint, params string[] arguments) =>
        Assert.Empty(Tool.Run(_host, arguments).FailedWith(2, message, hint).Output);

    [Fact]
    public void After_two_dashes_nothing_is_an_option()
    {
        Tool.Run(_host, "bind", "--dry-run", "--", "0000:00:03.0").Succeeded();
        Tool.Run(_host, "bind", "--", "--dry-run")
            .FailedWith(2, "'--dry-run' is not a device of this host", "vfio list");
    }

    [Fact]
    public void A_flag_does_not_take_the_next_argument_as_its_value() =>
        Tool.Run(_host, "bind", "--group", "true", "0000:00:03.0")
            .FailedWith(2, "'true' is not a device of this host", "vfio list");

    [Fact]
    public void An_internal_error_is_one_line_and_the_stack_trace_is_optional()
    {
        static CliHost Break(CliHost host) =>
            host with { OpenDevice = (_, _) => throw new InvalidOperationException("two\nlines") };
        Result result = RunBroken(Break);
        result.FailedWith(1, "internal error: InvalidOperationException: two?lines", "VFIO_DEBUG=1");
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        Assert.Contains(
            "   at ", RunBroken(host => Break(host) with { Debug = true }).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_cannot_be_written_is_an_error()
    {
        using FullDisk output = new();
        using StringWriter errors = new() { NewLine = "\n" };
        int code = VfioCommandLine.Run(["list"], Tool.MakeHost(_host.Root, Tool.Narrow, output, errors));
        new Result(code, "", errors.ToString()).FailedWith(1, "No space left on device", "");
    }

    private static Result RunBroken(Func<CliHost, CliHost> change)
    {
        using StringWriter output = new();
        using StringWriter errors = new() { NewLine = "\n" };
        CliHost host = change(Tool.MakeHost(HostRoot.Default, Tool.Narrow, output, errors));
        return new Result(VfioCommandLine.Run(["read", "00:14.3", "bar0"], host), output.ToString(), errors.ToString());
    }

    private static IEnumerable<string> ListCommands()
    {
        using StringWriter nowhere = new();
        RootCommand root = VfioCommandLine.Create(Tool.MakeHost(HostRoot.Default, Tool.Narrow, nowhere, nowhere));
        return [.. root.Subcommands.Where(command => !command.Hidden).Select(command => command.Name).Prepend("")];
    }

    private sealed class FullDisk : StringWriter
    {
        public override void Flush() => throw new IOException("No space left on device");
    }
}
