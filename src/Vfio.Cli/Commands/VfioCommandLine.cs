using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;

namespace Vfio.Cli;

/// <summary>Represents the whole command line: creates the commands, and runs one of them.</summary>
internal static class VfioCommandLine
{
    public const string Name = "vfio";

    public static IReadOnlyList<string> Notes { get; } =
    [
        "DEV is a PCI address, a network interface or a disk: 0000:00:14.3, 00:14.3, eth0, nvme0n1. A bound device can "
        + "still be named by its previous interface or disk name. emu:edu is a device model in software, on which you "
        + "can try every command. PLACE is the name of a register, such as STATUS, or a region and an offset, such as "
        + "bar0+0x8. 'vfio help COMMAND' explains a command.",
    ];

    public static IReadOnlyList<(string CommandLine, string Purpose)> Examples { get; } =
    [
        ("vfio list --class net", "the network cards"),
        ("vfio show eth0", "everything about one device"),
        ("sudo vfio bind --user $USER eth0", "bind it, for yourself"),
        ("vfio read eth0 STATUS", "read a register by its name"),
        ("vfio read eth0 bar0+0x8", "or by its place"),
        ("sudo vfio release eth0", "release it"),
    ];

    /// <summary>Gets the version of the tool, without the commit that it was built from.</summary>
    public static string Version => (typeof(VfioCommandLine).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown").Split('+')[0];

    // No argument of this tool is a response file: "@file" stands for itself.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command.</summary>
    /// <returns>The exit code of the process.</returns>
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
            // Standard output may be what failed, so it is not used any more.
            return ErrorReport.Write(host with { Out = TextWriter.Null }, e);
        }
    }

    /// <summary>Creates the tree of all commands. Tests, manual pages and completion use it too.</summary>
    /// <param name="host">The host.</param>
    /// <param name="words">The command that <c>vfio run</c> runs.</param>
    public static RootCommand Create(CliHost host, IReadOnlyList<string>? words = null)
    {
        RootCommand root = new(
            "Bind PCI devices to VFIO, read and write their registers, and release them to their Linux drivers.");
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
        // Without a command, vfio prints its help.
        root.SetAction(_ => help.Write(root));
        return root;
    }

    private static int Invoke(IReadOnlyList<string> arguments, CliHost host)
    {
        (IReadOnlyList<string> own, IReadOnlyList<string> words) = RunCommand.Split(arguments);
        ParseResult result = Create(host, words).Parse(own, Parsing);
        if (result.Action is ParseErrorAction
            || (result.Errors.Count != 0 && result.Action is not { ClearsParseErrors: true }))
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
            // This failure is the one that is already being reported.
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
