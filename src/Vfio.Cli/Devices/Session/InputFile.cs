namespace Vfio.Cli;

/// <summary>A file that a command reads.</summary>
internal static class InputFile
{
    // The end of a path says more than its beginning.
    private const int MostShown = 100;
    private const int MostFromPipe = 64 << 20;

    /// <summary>A file's name, fit to be part of a message.</summary>
    public static string Show(string path)
    {
        string clean = Printable.Clean(path);
        return clean.Length <= MostShown ? clean : "…" + clean[^(MostShown - 1)..];
    }

    /// <summary>Opens a file.</summary>
    /// <param name="command">The command, for its errors.</param>
    /// <param name="path">The file's name.</param>
    /// <param name="hint">What the person can do where there is none.</param>
    /// <param name="exitCode">How the command ends then.</param>
    /// <returns>The file; what cannot be read twice, a pipe, is read as a whole first.</returns>
    public static Stream Open(string command, string path, string hint, int exitCode = ExitCode.Failed)
    {
        try
        {
            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return file.CanSeek ? file : ReadWhole(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            string why = e switch
            {
                FileNotFoundException or DirectoryNotFoundException => "there is no such file",
                UnauthorizedAccessException => Directory.Exists(path) ? "it is a folder" : "you may not read it",
                _ => e.Message,
            };
            throw new CliException($"{command}: '{InputFile.Show(path)}' cannot be read: {why}", hint, exitCode);
        }
    }

    private static MemoryStream ReadWhole(FileStream pipe)
    {
        using (pipe)
        {
            MemoryStream whole = new();
            byte[] buffer = new byte[64 * 1024];
            for (int count = pipe.Read(buffer); count > 0; count = pipe.Read(buffer))
            {
                if (whole.Length + count > MostFromPipe)
                {
                    throw new IOException($"a pipe may bring {MostFromPipe >> 20} MiB, and this one brings more");
                }

                whole.Write(buffer, 0, count);
            }

            whole.Position = 0;
            return whole;
        }
    }
}
