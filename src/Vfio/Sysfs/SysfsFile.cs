using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Reads the small text files and links of sysfs and procfs. A file that does not exist, or that the caller may not
/// read, is <see langword="null"/>: devices can appear and disappear at any time.
/// </summary>
internal static class SysfsFile
{
    // A sysfs attribute has at most a page. Tables in procfs can be longer: a router has hundreds of thousands of
    // routes.
    private const int AttributeBytes = 4096;
    private const int TableBytes = 64 * 1024;
    private const int MostTableBytes = 64 << 20;

    /// <summary>Reads an attribute's text without the line end; <see langword="null"/> if it cannot be read.</summary>
    public static string? Read(string path)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(AttributeBytes);
        try
        {
            int length = ReadBytes(path, buffer.AsSpan(0, AttributeBytes));
            return length < 0 ? null : Encoding.UTF8.GetString(buffer, 0, length).TrimEnd('\n', '\0');
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads the lines of a table of procfs; none if it cannot be read.</summary>
    public static string[] ReadLines(string path)
    {
        for (int size = TableBytes; ; size *= 4)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
            try
            {
                int length = ReadBytes(path, buffer.AsSpan(0, size));
                if (length < size || size >= MostTableBytes)
                {
                    return length < 0
                        ? []
                        : Encoding.UTF8.GetString(buffer, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Reads the first bytes of a file.</summary>
    /// <returns>The number of bytes; -1 if it cannot be read.</returns>
    public static int ReadBytes(string path, Span<byte> buffer)
    {
        // Without waiting: a pipe in place of the file must not block the caller.
        using SafeFileHandle file = Libc.Open(path, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        if (file.IsInvalid)
        {
            return -1;
        }

        int total = 0;
        while (total < buffer.Length)
        {
            int errno = PositionedIo.Read(file, buffer[total..], total, out nint done);
            if (errno != 0)
            {
                return total > 0 ? total : -1;
            }

            if (done == 0)
            {
                break;
            }

            total += (int)done;
        }

        return total;
    }

    /// <summary>Reads a whole decimal number; <see langword="null"/> if there is none.</summary>
    public static long? ReadNumber(string path) =>
        long.TryParse(Read(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? value
            : null;

    /// <summary>
    /// Reads the last part of the target of a link, which is how sysfs names a device's driver and group.
    /// </summary>
    public static string? ReadLinkName(string path) =>
        ReadLink(path) is string target ? Path.GetFileName(target) : null;

    /// <summary>
    /// Reads the target of a link, as written; <see langword="null"/> if there is none, or it may not be read.
    /// </summary>
    public static string? ReadLink(string path) => FolderReader.ReadLink(path);

    /// <summary>Gets the names in a folder, sorted; none if there is no such folder.</summary>
    public static string[] Names(string folder)
    {
        List<string> names = FolderReader.Names(folder);
        names.Sort(StringComparer.Ordinal);
        return [.. names];
    }

    /// <summary>Writes an attribute in one call, as the kernel requires.</summary>
    /// <returns>The errno; 0 for success.</returns>
    public static int Write(string path, string value)
    {
        using SafeFileHandle file = Libc.Open(path, Libc.O_WRONLY | Libc.O_CLOEXEC);
        return file.IsInvalid ? Marshal.GetLastPInvokeError() : WholeWrite.Write(file, Encoding.UTF8.GetBytes(value));
    }
}
