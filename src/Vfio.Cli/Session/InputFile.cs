namespace Vfio.Cli;

/// <summary>A file that a command reads.</summary>
internal static class InputFile
{
    /// <summary>Opens a file.</summary>
    /// <param name="command">The command, for its errors.</param>
    /// <param name="path">The file's name.</param>
    /// <param name="hint">What the person can do where there is none.</param>
    /// <param name="exitCode">How the command ends then.</param>
    public static FileStream Open(string command, string path, string hint, int exitCode = ExitCode.Failed)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            string why = e switch
            {
                FileNotFoundException or DirectoryNotFoundException => "there is no such file",
                UnauthorizedAccessException => Directory.Exists(path) ? "it is a folder" : "you may not read it",
                _ => e.Message,
            };
            throw new CliException($"{command}: '{Symbols.Quote(path)}' cannot be read: {why}", hint, exitCode);
        }
    }
}
