using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop;

namespace Vfio.Binding;

/// <summary>An exclusive lock on a file (flock), shared by all processes that ask for it; freed by disposal and by the end of the process.</summary>
internal sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes the lock without waiting.</summary>
    /// <returns>The lock; <see langword="null"/> where somebody else has it.</returns>
    /// <exception cref="VfioException">The file cannot be opened or locked at all.</exception>
    public static FileLock? TryTake(string path)
    {
        SafeFileHandle file = Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0x180);
        int errno = file.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
        if (errno == 0)
        {
            errno = Libc.FLock(file, Libc.LOCK_EX | Libc.LOCK_NB) == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (errno == 0)
            {
                return new FileLock(file);
            }
        }

        file.Dispose();
        return errno is Errno.EAGAIN or Errno.EINTR ? null : throw BindingJournal.Failed("lock", path, errno);
    }

    public void Dispose()
    {
        // A child that another thread has just forked has the descriptor too, until it runs its program: closing would not do.
        _ = Libc.FLock(_file, Libc.LOCK_UN);
        _file.Dispose();
    }
}
