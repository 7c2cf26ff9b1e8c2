using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// Locks on bytes of a file, held until disposal or the end of the process. Only root can open the file, because anyone
/// who can open it could lock it.
/// </summary>
internal sealed class LockFile : IDisposable
{
    private const int OnlyRoot = 0x180; // 0600

    private readonly SafeFileHandle _file;
    private readonly List<long> _places = [];

    private LockFile(SafeFileHandle file) => _file = file;

    /// <summary>Opens the file, and creates it if necessary. It holds no lock yet.</summary>
    /// <exception cref="VfioException">The file cannot be opened.</exception>
    public static LockFile Open(string path)
    {
        SafeFileHandle file = Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, OnlyRoot);
        if (!file.IsInvalid)
        {
            return new LockFile(file);
        }

        int errno = Marshal.GetLastPInvokeError();
        file.Dispose();
        throw BindingJournal.Failed("lock", path, errno);
    }

    /// <summary>
    /// Gets whether another open file description holds the lock on a byte; <see langword="false"/> if this user may
    /// not know.
    /// </summary>
    public static bool IsTaken(string path, long place)
    {
        using SafeFileHandle file = Libc.Open(path, Libc.O_RDWR | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        return !file.IsInvalid && ByteLock.IsTaken(file, place);
    }

    /// <summary>Locks one more byte without waiting.</summary>
    /// <returns>Whether it is locked; <see langword="false"/> if another process holds it.</returns>
    /// <exception cref="VfioException">The file system does not support locks.</exception>
    public bool TryTake(string path, long place)
    {
        switch (ByteLock.TryTake(_file, place))
        {
            case 0:
                _places.Add(place);
                return true;
            case Errno.EAGAIN or Errno.EACCES or Errno.EINTR:
                return false;
            case int errno:
                throw BindingJournal.Failed("lock", path, errno);
        }
    }

    public void Dispose()
    {
        if (_file.IsClosed)
        {
            return;
        }

        // A child process that another thread has just forked has the file open too, until it executes its program, so
        // closing alone would not release the locks.
        _places.ForEach(place => ByteLock.Free(_file, place));
        _file.Dispose();
    }
}
