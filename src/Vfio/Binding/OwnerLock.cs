using Microsoft.Win32.SafeHandles;
using Vfio.Interop;

namespace Vfio.Binding;

/// <summary>
/// Says that this process will hand a device back: a locked byte of <c>/run/vfio/lock</c>, at the device's address as a number. It is
/// only tested, never waited for. Not the journal's entry: that file is another one after each write, and everybody may open it.
/// </summary>
internal sealed class OwnerLock : IDisposable
{
    private const int OnlyRoot = 0x180; // 0600

    private readonly SafeFileHandle _file;

    private OwnerLock(SafeFileHandle file) => _file = file;

    /// <summary>Becomes the owner of a device.</summary>
    /// <returns>The lock, the caller's; <see langword="null"/> where another program is the owner, or this one may not be.</returns>
    public static OwnerLock? TryTake(string path, PciAddress device)
    {
        SafeFileHandle file = Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, OnlyRoot);
        if (!file.IsInvalid && ByteLock.TryTake(file, PlaceOf(device)))
        {
            return new OwnerLock(file);
        }

        file.Dispose();
        return null;
    }

    /// <summary>Whether another open file owns a device; not where nobody may say.</summary>
    public static bool IsTaken(string path, PciAddress device)
    {
        using SafeFileHandle file = Libc.Open(path, Libc.O_RDWR | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        return !file.IsInvalid && ByteLock.IsTaken(file, PlaceOf(device));
    }

    public void Dispose() => _file.Dispose();

    private static long PlaceOf(PciAddress device) => ((long)device.Domain << 16) | ((long)device.Bus << 8) | ((long)device.Device << 3) | device.Function;
}
