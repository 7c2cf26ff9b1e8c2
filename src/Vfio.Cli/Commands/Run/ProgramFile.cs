namespace Vfio.Cli;

/// <summary>
/// Finds the file of a program as execvp(3) does: in the folders of PATH or, if the name contains a slash, at that
/// path.
/// </summary>
internal static class ProgramFile
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherExecute;
    private const string UsualPath = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>Finds a program.</summary>
    /// <param name="host">The host, whose PATH is used.</param>
    /// <param name="name">The program's name, or a path to it.</param>
    /// <param name="path">The absolute path.</param>
    /// <returns><see cref="ExitCode.Done"/>, <see cref="ExitCode.NotFound"/> or
    /// <see cref="ExitCode.CannotExecute"/>.</returns>
    public static int Find(CliHost host, string name, out string path)
    {
        path = "";
        if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal))
        {
            return ExitCode.NotFound;
        }

        // An empty entry in PATH means the working directory.
        string[] candidates = name.Contains('/', StringComparison.Ordinal)
            ? [name]
            : [.. (host.FindVariable("PATH") ?? UsualPath).Split(':').Select(folder => Path.Combine(folder, name))];
        int code = ExitCode.NotFound;
        foreach (string candidate in candidates.Select(Path.GetFullPath))
        {
            if (!Path.Exists(candidate))
            {
                continue;
            }

            if (File.Exists(candidate) && (File.GetUnixFileMode(candidate) & Executable) != 0)
            {
                path = candidate;
                return ExitCode.Done;
            }

            code = ExitCode.CannotExecute;
        }

        return code;
    }
}
