using System.Text;

namespace Vfio.Cli.Pictures;

/// <summary>Puts a picture into a file: whole or not at all, and never in the place of what is not a file.</summary>
internal static class PictureFile
{
    public const string StandardOutput = "-";

    public static void Write(CliHost host, string file, Action<TextWriter> write)
    {
        if (file == StandardOutput)
        {
            write(host.Out);
            return;
        }

        string path = Path.GetFullPath(file);
        Check(file, path);
        string unfinished = $"{path}.{Environment.ProcessId}.new";
        try
        {
            using (StreamWriter writer = new(new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write), new UTF8Encoding(false)) { NewLine = "\n" })
            {
                write(writer);
            }

            // Looked at again: it may have become something else meanwhile.
            Check(file, path);
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(unfinished);
            throw new CliException($"groups: {Symbols.Quote(file)}: {e.Message}", "is there room, and may the folder be written?");
        }
        catch
        {
            TryDelete(unfinished);
            throw;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is being reported is why.
        }
    }

    private static void Check(string file, string path)
    {
        FileInfo info = new(path);
        string? what = Directory.Exists(path) ? "it is a folder"
            : info.LinkTarget is not null ? "it is a link"
            : !info.Exists ? null
            : path.StartsWith("/dev/", StringComparison.Ordinal) || !IsRegular(info) ? "it is not a regular file"
            : null;
        if (what is not null)
        {
            throw new CliException($"groups: {Symbols.Quote(file)}: {what}, and is not replaced", "name a file, or - for standard output");
        }
    }

    // What has a length is a regular file. An empty one can be cut to nothing, a pipe or device cannot; opened for both reading and
    // writing, a pipe lets nobody wait.
    private static bool IsRegular(FileInfo file)
    {
        if (file.Length > 0)
        {
            return true;
        }

        try
        {
            using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            stream.SetLength(0);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return false;
        }
    }
}
