namespace Vfio.Cli;

/// <summary>How this same program is started as root.</summary>
internal static class Elevation
{
    /// <summary>The argument with which this program writes kernel attributes for itself; no command of anybody's.</summary>
    public const string HelperVerb = "kernel-attributes";

    /// <summary>The program that makes root of its caller; <see langword="null"/> for root, who needs none.</summary>
    /// <exception cref="CliException">This host has none.</exception>
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
            "run: taking devices needs root, and this host has neither sudo nor pkexec", "become root: su -c 'vfio bind --user NAME DEV'; then vfio run needs root no more");
    }

    /// <summary>A command line that starts this program as root.</summary>
    /// <param name="host">The host.</param>
    /// <param name="arguments">What it is started with.</param>
    public static string[] CommandLine(CliHost host, IEnumerable<string> arguments)
    {
        string[] own = [.. Own(), .. arguments];
        return Find(host) switch
        {
            null => own,
            // Who has no terminal cannot be asked for a password: better an error than a program that waits.
            string sudo when Path.GetFileName(sudo) == "sudo" => host.HasTerminal ? [sudo, "--", .. own] : [sudo, "-n", "--", .. own],
            string pkexec => [pkexec, .. own],
        };
    }

    /// <summary>What starts this program again: itself, or the runtime and itself.</summary>
    public static string[] Own()
    {
        string program = Environment.ProcessPath ?? throw new CliException("run: this program does not know where it is", "is /proc mounted?");
        // Run by "dotnet Vfio.Cli.dll", the program is the runtime.
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Path.GetFullPath(Environment.GetCommandLineArgs()[0])] : [program];
    }
}
