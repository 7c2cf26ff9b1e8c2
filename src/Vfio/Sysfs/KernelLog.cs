using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Reads the kernel's log (<c>/dev/kmsg</c>), starting when it is created. On most hosts only root may read it
/// (<c>kernel.dmesg_restrict</c>).
/// </summary>
internal sealed class KernelLog : IDisposable
{
    private const int RecordBytes = 8192;
    private const int MostRecords = 100_000;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly int _errno;

    /// <summary>
    /// Starts after what is in the log now. If the log cannot be read, <see cref="CheckReadable"/> throws.
    /// </summary>
    public KernelLog(HostRoot host)
    {
        _path = PathOf(host);
        _file = Libc.Open(_path, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        _errno = _file.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
        if (_errno == 0)
        {
            _ = Libc.LSeek(_file, 0, Libc.SEEK_END);
        }
    }

    /// <summary>Returns the path of the log of a host.</summary>
    public static string PathOf(HostRoot host) => host.Combine("dev/kmsg");

    /// <exception cref="VfioException">The log cannot be read.</exception>
    public void CheckReadable()
    {
        if (_errno != 0)
        {
            throw new VfioException("open", _path, _errno, _errno is Errno.EPERM or Errno.EACCES
                ? "only root may read the kernel's log here: sudo dmesg shows it; sysctl "
                    + "kernel.dmesg_restrict=0 lets every user read it"
                : null);
        }
    }

    /// <summary>Reads the kernel's lines since the last call; none if the log cannot be read.</summary>
    public IReadOnlyList<string> ReadNew()
    {
        List<string> lines = [];
        byte[] buffer = new byte[RecordBytes];
        for (int count = 0; count < MostRecords && _errno == 0; count++)
        {
            int errno = PlainIo.Read(_file, buffer, out nint done);
            // EPIPE: records were overwritten before they were read. The next read continues with the oldest one.
            if (errno == Errno.EPIPE)
            {
                continue;
            }

            if (errno != 0 || done <= 0)
            {
                break;
            }

            if (TextOf(Encoding.UTF8.GetString(buffer, 0, (int)done)) is string line)
            {
                lines.Add(line);
            }
        }

        return lines;
    }

    /// <summary>
    /// Gets the text of a record: "priority and facility,number,time,flags;text", then lines of properties.
    /// </summary>
    /// <returns>
    /// The text; <see langword="null"/> if it is not a record, or not from the kernel (programs of root can write to
    /// the log too).
    /// </returns>
    internal static string? TextOf(string record)
    {
        const int Priorities = 8; // larger numbers have another facility than the kernel's, 0
        int comma = record.IndexOf(',', StringComparison.Ordinal);
        int text = record.IndexOf(';', StringComparison.Ordinal);
        if (comma < 0
            || text < comma
            || !int.TryParse(record.AsSpan(0, comma), NumberStyles.None, CultureInfo.InvariantCulture, out int priority)
            || priority >= Priorities)
        {
            return null;
        }

        int end = record.IndexOf('\n', text);
        return record[(text + 1)..(end < 0 ? record.Length : end)];
    }

    public void Dispose() => _file.Dispose();
}
