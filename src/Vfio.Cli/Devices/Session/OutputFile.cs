using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Creates files that a command writes. An existing regular file of the same name is replaced; anything else is
/// refused.
/// </summary>
internal static class OutputFile
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Writes a whole file: it appears when it is complete, or not at all.</summary>
    /// <param name="command">The name of the command, for its errors.</param>
    /// <param name="path">The file's name.</param>
    /// <param name="write">Writes the content.</param>
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

    /// <summary>
    /// Opens a file that grows line by line. It replaces the existing file immediately, while it is still empty.
    /// </summary>
    public static StreamWriter Open(string command, string path)
    {
        CheckTarget(command, path);
        (StreamWriter writer, string temporary) = CreateBeside(command, path);
        try
        {
            // The file is renamed into place instead of opened, so that a symbolic link placed there by someone else is
            // replaced, not followed.
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
                // A file that only its owner could read stays that way.
                options.UnixCreateMode = before.UnixFileMode | UnixFileMode.UserWrite;
            }

            FileStream stream = new(temporary, options);
            return (
                new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" },
                temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(
                $"{command}: '{InputFile.Show(path)}' cannot be written: {Reason(e)}",
                "name a file in a folder that exists and that you may write to");
        }
    }

    private static void CheckTarget(string command, string path)
    {
        if (path.Length == 0 || path.Contains('\0'))
        {
            throw new CliException(
                $"{command}: '{InputFile.Show(path)}' is not a file name", "name a file to write", ExitCode.WrongUsage);
        }

        FileInfo target = new(path);
        bool isFolder = Directory.Exists(path);
        if (target.LinkTarget is not null || isFolder || (target.Exists && !IsRegular(target.FullName)))
        {
            string what = isFolder ? "a folder"
                : target.LinkTarget is not null ? "a link"
                : "not a regular file that you may write";
            throw new CliException(
                $"{command}: '{InputFile.Show(path)}' is {what}; it was not changed", "name another file");
        }
    }

    private static bool IsRegular(string path)
    {
        try
        {
            // When it is opened for both reading and writing, a pipe does not wait for its other end. Only a regular
            // file accepts a new length, which here is its present one; a disk or a terminal does not, in whatever
            // folder its node is.
            using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            stream.SetLength(stream.Length);
            return true;
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
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
