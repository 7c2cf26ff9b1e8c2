using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;

namespace Vfio.Cli;

/// <summary>The command line as a whole: what commands there are, and how every one of them ends.</summary>
internal static class VfioCommandLine
{
    public const string Name = "vfio";

    public static IReadOnlyList<string> Notes { get; } =
    [
        "DEV is a PCI address, a network interface or a disk: 0000:00:14.3, 00:14.3, eth0, nvme0n1. A device that is taken keeps the names it had. "
        + "emu:edu is a device in software, to try every command on. "
        + "PLACE is a register's name, STATUS, or a region and an offset, bar0+0x8. 'vfio help COMMAND' explains a command.",
    ];

    public static IReadOnlyList<(string CommandLine, string Purpose)> Examples { get; } =
    [
        ("vfio list --class net", "the network cards"),
        ("vfio show eth0", "all about one: who has it, its regions"),
        ("sudo vfio bind --user $USER eth0", "take it, for yourself"),
        ("vfio read eth0 STATUS", "read a register by its name"),
        ("vfio read eth0 bar0+0x8", "or by its place"),
        ("sudo vfio release eth0", "hand it back"),
    ];

    /// <summary>The tool's version, without the commit it was built from.</summary>
    public static string Version => (typeof(VfioCommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown").Split('+')[0];

    // "@file" is a file's name nowhere in this tool.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command.</summary>
    /// <returns>The process's exit code.</returns>
    public static int Run(IReadOnlyList<string> arguments, CliHost host)
    {
        try
        {
            int code = Invoke(arguments, host);
            host.Out.Flush();
            return code;
        }
        catch (Exception e)
        {
            TryFlush(host);
            // The output may be what failed: from here on it is left alone.
            return ErrorReport.Write(host with { Out = TextWriter.Null }, e);
        }
    }

    /// <summary>The commands, for who wants to look at them all: tests, the manual pages, completion.</summary>
    /// <param name="host">The host.</param>
    /// <param name="words">The command that <c>vfio run</c> is to run.</param>
    public static RootCommand Create(CliHost host, IReadOnlyList<string>? words = null)
    {
        RootCommand root = new("Take PCI devices from their Linux drivers, read and write their registers through VFIO, hand them back.");
        HelpText help = new(host);
        root.Directives.Clear();
        root.Options.Clear();
        root.Add(new HelpOption("--help", "-h") { Description = "Show this help", Action = help });
        root.Add(new VersionOption { Description = "Show the version", Action = new VersionAction(host) });
        root.Add(ListCommand.Create(host));
        root.Add(ShowCommand.Create(host));
        root.Add(GroupsCommand.Create(host));
        root.Add(BindCommand.Create(host));
        root.Add(ReleaseCommand.Create(host));
        root.Add(RunCommand.Create(host, words ?? []));
        root.Add(GuardCommand.Create(host));
        root.Add(StatusCommand.Create(host));
        root.Add(SriovCommand.Create(host));
        root.Add(DoctorCommand.Create(host));
        root.Add(ReplugCommand.Create(host));
        root.Add(ReadCommand.Create(host));
        root.Add(WriteCommand.Create(host));
        root.Add(WatchCommand.Create(host));
        root.Add(DumpCommand.Create(host));
        root.Add(DiffCommand.Create(host));
        root.Add(ShellCommand.Create(host));
        root.Add(ReplayCommand.Create(host));
        root.Add(IrqCommand.Create(host));
        root.Add(ResetCommand.Create(host));
        root.Add(BrokerCommand.Create(host));
        root.Add(DemoCommand.Create(host));
        root.Add(HelpCommand.Create(host));
        root.Add(ManCommand.Create(host));
        root.Add(CompletionCommand.Create(host));
        root.Add(CompleteCommand.Create(host));
        // Alone, the command shows what it can do.
        root.SetAction(_ => help.Write(root));
        return root;
    }

    private static int Invoke(IReadOnlyList<string> arguments, CliHost host)
    {
        (IReadOnlyList<string> own, IReadOnlyList<string> words) = RunCommand.Split(arguments);
        ParseResult result = Create(host, words).Parse(own, Parsing);
        if (result.Action is ParseErrorAction || (result.Errors.Count != 0 && result.Action is not { ClearsParseErrors: true }))
        {
            int code = UsageErrors.Write(host, result);
            return result.CommandResult.Command.Name == RunCommand.Name ? ExitCode.RunFailed : code;
        }

        return result.Invoke(new InvocationConfiguration
        {
            Output = host.Out,
            Error = host.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    private static void TryFlush(CliHost host)
    {
        try
        {
            host.Out.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is what is being reported.
        }
    }

    private sealed class VersionAction(CliHost host) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            host.Out.WriteLine($"{Name} {Version}");
            return ExitCode.Done;
        }
    }
}
