namespace Vfio.Cli;

/// <summary>Finds out how to start this program as root.</summary>
internal static class Elevation
{
    /// <summary>
    /// The argument with which this program writes kernel attributes for itself; it is not a command for users.
    /// </summary>
    public const string HelperVerb = "kernel-attributes";

    /// <summary>Returns the path of sudo or pkexec; <see langword="null"/> if this process is root already.</summary>
    /// <exception cref="CliException">This host has neither of them.</exception>
    public static string? Find(CliHost host)
    {
        if (host.IsRoot)
        {
            return null;
        }

        foreach (string name in (string[])["sudo", "pkexec"])
        {
            if (ProgramFile.Find(host, name, out string path) == ExitCode.Done)
            {
                return path;
            }
        }

        throw new CliException(
            "run: binding devices needs root, and this host has neither sudo nor pkexec",
            "bind them as root first: su -c 'vfio bind --user NAME DEV'; then vfio run does not need root");
    }

    /// <summary>Returns a command line that starts this program as root.</summary>
    /// <param name="host">The host.</param>
    /// <param name="arguments">The arguments of this program.</param>
    public static string[] CommandLine(CliHost host, IEnumerable<string> arguments)
    {
        string[] own = [.. Own(), .. arguments];
        return Find(host) switch
        {
            null => own,
            // Without a terminal, sudo cannot ask for a password. It must then fail instead of waiting.
            string sudo when Path.GetFileName(sudo) == "sudo" =>
                host.HasTerminal ? [sudo, "--", .. own] : [sudo, "-n", "--", .. own],
            string pkexec => [pkexec, .. own],
        };
    }

    /// <summary>
    /// Returns the command line that starts this program again: the program, or the runtime and the program.
    /// </summary>
    public static string[] Own()
    {
        string program = Environment.ProcessPath
            ?? throw new CliException("run: the path of this program is unknown", "is /proc mounted?");
        // If it was started with "dotnet Vfio.Cli.dll", the process path is that of the runtime.
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, Path.GetFullPath(Environment.GetCommandLineArgs()[0])]
            : [program];
    }
}
