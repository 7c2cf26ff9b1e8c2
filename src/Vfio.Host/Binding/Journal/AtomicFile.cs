using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>Writes files so that at any moment, a power failure included, either the old one or the new one is there, whole.</summary>
internal static class AtomicFile
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode SearchableByAll =
        ReadableByAll | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Writes a file that everybody may read; the folder is synced by <see cref="SyncFolder"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="unfinished">What it is called until it is whole; in the same folder.</param>
    /// <param name="content">All of it.</param>
    /// <exception cref="VfioException">It failed; the old file, where there was one, is there, and perhaps the unfinished one.</exception>
    public static void Write(string path, string unfinished, ReadOnlySpan<byte> content)
    {
        using (SafeFileHandle file = Libc.Open(unfinished, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0x1a4))
        {
            Check("open", unfinished, file.IsInvalid ? Marshal.GetLastPInvokeError() : 0);
            Change("chmod", unfinished, () => File.SetUnixFileMode(file, ReadableByAll));
            Check("write", unfinished, WholeWrite.Write(file, content));
            Check("fsync", unfinished, HostLibc.FSync(file) < 0 ? Marshal.GetLastPInvokeError() : 0);
        }

        Change("rename", path, () => File.Move(unfinished, path, overwrite: true));
    }

    /// <summary>Creates a folder, where it is not there, that everybody may look into and only the owner write, whatever the umask.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    public static void CreateFolder(string path) => Change("create", path, () =>
    {
        DirectoryInfo folder = Directory.CreateDirectory(path, SearchableByAll);
        if (folder.UnixFileMode != SearchableByAll)
        {
            folder.UnixFileMode = SearchableByAll;
        }
    });

    /// <summary>Waits until a folder's names are on the disk.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    public static void SyncFolder(string path)
    {
        using SafeFileHandle folder = Libc.Open(path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        Check("fsync", path, folder.IsInvalid || HostLibc.FSync(folder) < 0 ? Marshal.GetLastPInvokeError() : 0);
    }

    /// <summary>Makes a change by the runtime's own means, with its failure told as this library tells them.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    public static void Change(string operation, string path, Action change)
    {
        try
        {
            change();
        }
        catch (UnauthorizedAccessException)
        {
            throw BindingJournal.Failed(operation, path, Errno.EACCES);
        }
        catch (IOException e)
        {
            throw new VfioException(operation, path, e.Message);
        }
    }

    private static void Check(string operation, string path, int errno)
    {
        if (errno != 0)
        {
            throw BindingJournal.Failed(operation, path, errno);
        }
    }
}
