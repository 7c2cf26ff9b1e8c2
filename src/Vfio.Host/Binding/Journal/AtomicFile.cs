using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// Writes files so that at any moment, even after a power failure, either the whole old file or the whole new one is
/// there.
/// </summary>
internal static class AtomicFile
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode SearchableByAll =
        ReadableByAll | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>
    /// Writes a file that everyone may read. Call <see cref="SyncFolder"/> afterwards to sync the folder.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="unfinished">Its name until it is complete; in the same folder.</param>
    /// <param name="content">The whole content.</param>
    /// <exception cref="VfioException">
    /// Writing failed. The old file, if there was one, is unchanged; the unfinished file may be left over.
    /// </exception>
    public static void Write(string path, string unfinished, ReadOnlySpan<byte> content)
    {
        using (SafeFileHandle file = Libc.Open(
            unfinished, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0x1a4))
        {
            Check("open", unfinished, file.IsInvalid ? Marshal.GetLastPInvokeError() : 0);
            Change("chmod", unfinished, () => File.SetUnixFileMode(file, ReadableByAll));
            Check("write", unfinished, WholeWrite.Write(file, content));
            Check("fsync", unfinished, HostLibc.FSync(file) < 0 ? Marshal.GetLastPInvokeError() : 0);
        }

        Change("rename", path, () => File.Move(unfinished, path, overwrite: true));
    }

    /// <summary>
    /// Creates a folder, if it does not exist, that everyone may read and only the owner may write, whatever the umask.
    /// </summary>
    /// <exception cref="VfioException">The folder cannot be created.</exception>
    public static void CreateFolder(string path) => Change("create", path, () =>
    {
        DirectoryInfo folder = Directory.CreateDirectory(path, SearchableByAll);
        if (folder.UnixFileMode != SearchableByAll)
        {
            folder.UnixFileMode = SearchableByAll;
        }
    });

    /// <summary>Waits until a folder's entries are on the disk.</summary>
    /// <exception cref="VfioException">The sync failed.</exception>
    public static void SyncFolder(string path)
    {
        using SafeFileHandle folder = Libc.Open(path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        Check("fsync", path, folder.IsInvalid || HostLibc.FSync(folder) < 0 ? Marshal.GetLastPInvokeError() : 0);
    }

    /// <summary>
    /// Runs a change made with the runtime's file API, and reports a failure as a <see cref="VfioException"/>.
    /// </summary>
    /// <exception cref="VfioException">The change failed.</exception>
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
