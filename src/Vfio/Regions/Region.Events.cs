using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

// Writes that the kernel makes when an eventfd is signalled.
public sealed unsafe partial class Region
{
    /// <summary>
    /// Lets the kernel write a register whenever an eventfd is signalled (<c>VFIO_DEVICE_IOEVENTFD</c>): by another
    /// process or a virtual machine's doorbell, without this program's doing.
    /// </summary>
    /// <typeparam name="T">An integer of the register's width: 1, 2, 4 or 8 bytes. 8 bytes need a kernel whose vfio-pci
    /// has accesses of 8 bytes.</typeparam>
    /// <param name="eventFd">
    /// The eventfd (<see cref="EventFd.Handle"/>); the caller's, and may be closed once this has returned. Signals that
    /// come while a write is under way make one more write, not one each.
    /// </param>
    /// <param name="offset">Bytes from the region's start, in a BAR and outside the MSI-X table.</param>
    /// <param name="value">The value to write. A device that does not decode its memory is not written.</param>
    /// <returns>Ends it when it is disposed; the region's disposal ends it too.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="eventFd"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="offset"/> is not aligned to the width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The write does not lie within the region.</exception>
    /// <exception cref="NotSupportedException">The region cannot be written, the backend does not support it, or
    /// <typeparamref name="T"/> is wider than 8 bytes.</exception>
    /// <exception cref="ObjectDisposedException">The region or its device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The region is no BAR, the place is in the MSI-X table, or the descriptor is no eventfd (EINVAL); the same value
    /// is written there by an event already (EEXIST); more than 1000 for one device (ENOSPC).
    /// </exception>
    public IDisposable WriteOnEvent<T>(SafeFileHandle eventFd, ulong offset, T value)
        where T : unmanaged, IBinaryInteger<T> =>
        WriteOnEvent(eventFd, offset, sizeof(T), ulong.CreateTruncating(value));

    private EventWrite WriteOnEvent(SafeFileHandle eventFd, ulong offset, int width, ulong value)
    {
        ArgumentNullException.ThrowIfNull(eventFd);
        Check(offset, width, Info.CanWrite, "written");
        if (_backend is not IWriteOnEvent device)
        {
            throw new NotSupportedException($"events cannot write to a device that was opened through {_backend.Name}");
        }

        device.SetWriteOnEvent(Info, offset, width, value, eventFd);
        EventWrite write = new(this, device, offset, width, value);
        if (TryLend(write.End))
        {
            return write;
        }

        // The region ended meanwhile.
        write.End();
        throw new ObjectDisposedException(nameof(Region));
    }

    private sealed class EventWrite(Region region, IWriteOnEvent device, ulong offset, int width, ulong value)
        : IDisposable
    {
        private int _isEnded;

        public void Dispose()
        {
            region.EndLoan(End);
            Disposal.Quietly(End);
        }

        public void End()
        {
            if (Interlocked.Exchange(ref _isEnded, 1) != 0)
            {
                return;
            }

            try
            {
                device.SetWriteOnEvent(region.Info, offset, width, value, eventFd: null);
            }
            catch (ObjectDisposedException)
            {
                // The device was closed, and the kernel ended it with that.
            }
        }
    }
}
