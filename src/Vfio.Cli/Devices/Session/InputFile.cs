namespace Vfio.Cli;

/// <summary>Opens files that a command reads.</summary>
internal static class InputFile
{
    // The end of a path is more informative than its beginning.
    private const int MostShown = 100;
    private const int MostFromPipe = 64 << 20;

    /// <summary>Sanitizes and shortens a file name, so that it can be part of a message.</summary>
    public static string Show(string path)
    {
        string clean = Printable.Clean(path);
        return clean.Length <= MostShown ? clean : "…" + clean[^(MostShown - 1)..];
    }

    /// <summary>Opens a file.</summary>
    /// <param name="command">The name of the command, for its errors.</param>
    /// <param name="path">The file's name.</param>
    /// <param name="hint">What the user can do if the file cannot be read.</param>
    /// <param name="exitCode">The exit code for that case.</param>
    /// <returns>The file. A pipe, which cannot be read twice, is read into memory first.</returns>
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
                    throw new IOException($"the input is a pipe with more than {MostFromPipe >> 20} MiB");
                }

                whole.Write(buffer, 0, count);
            }

            whole.Position = 0;
            return whole;
        }
    }
}
