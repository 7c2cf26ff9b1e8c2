using System.Text;

namespace Vfio.Cli;

/// <summary>A file that a command writes. It takes the place of a regular file of that name, and of nothing else.</summary>
internal static class OutputFile
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Writes a whole file: it is there when it is complete, or not at all.</summary>
    /// <param name="command">The command, for its errors.</param>
    /// <param name="path">The file's name.</param>
    /// <param name="write">Writes what is in it.</param>
    public static void WriteWhole(string command, string path, Action<TextWriter> write)
    {
        CheckTarget(command, path);
        (StreamWriter writer, string temporary) = CreateBeside(command, path);
        try
        {
            using (writer)
            {
                write(writer);
                writer.Flush();
                ((FileStream)writer.BaseStream).Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Opens a file that grows line by line; it takes its place at once, empty.</summary>
    public static StreamWriter Open(string command, string path)
    {
        CheckTarget(command, path);
        (StreamWriter writer, string temporary) = CreateBeside(command, path);
        try
        {
            // By renaming, and not by opening what is there: a link that somebody laid out is replaced and not followed.
            File.Move(temporary, path, overwrite: true);
            return writer;
        }
        catch
        {
            writer.Dispose();
            File.Delete(temporary);
            throw;
        }
    }

    private static (StreamWriter Writer, string Path) CreateBeside(string command, string path)
    {
        string full = Path.GetFullPath(path);
        string temporary = Path.Combine(Path.GetDirectoryName(full) ?? "/", $".{Guid.NewGuid():n}.vfio");
        try
        {
            FileStreamOptions options = new()
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.Read,
                BufferSize = BufferBytes,
            };
            FileInfo before = new(full);
            if (before.Exists)
            {
                // What was for its owner alone stays so.
                options.UnixCreateMode = before.UnixFileMode | UnixFileMode.UserWrite;
            }

            FileStream stream = new(temporary, options);
            return (new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" }, temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(
                $"{command}: '{InputFile.Show(path)}' cannot be written: {Reason(e)}", "name a file in a folder that exists and that you may write to");
        }
    }

    private static void CheckTarget(string command, string path)
    {
        if (path.Length == 0 || path.Contains('\0'))
        {
            throw new CliException($"{command}: '{InputFile.Show(path)}' is not a file's name", "name a file to write", ExitCode.WrongUsage);
        }

        FileInfo target = new(path);
        bool isFolder = Directory.Exists(path);
        if (target.LinkTarget is not null || isFolder || (target.Exists && !IsRegular(target.FullName)))
        {
            string what = isFolder ? "a folder" : target.LinkTarget is not null ? "a link" : "no regular file that you may write";
            throw new CliException(
                $"{command}: '{InputFile.Show(path)}' is {what}; it is left alone", "name another file");
        }
    }

    private static bool IsRegular(string path)
    {
        try
        {
            // Opened in both directions, a pipe does not wait for its other end. Only a regular file can be given a length, which here
            // is the one it has: a disk or a terminal cannot, whatever folder its node lies in.
            using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            stream.SetLength(stream.Length);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return false;
        }
    }

    private static string Reason(Exception e) => e switch
    {
        DirectoryNotFoundException => "its folder does not exist",
        UnauthorizedAccessException => "you may not write there",
        _ => e.Message,
    };
}
