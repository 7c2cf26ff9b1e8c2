using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

// Writes that the kernel makes when an eventfd is signalled.
public sealed unsafe partial class Region
{
    /// <summary>
    /// Makes the kernel write a register whenever an eventfd is signalled (<c>VFIO_DEVICE_IOEVENTFD</c>), by another
    /// process or a doorbell of a virtual machine, without involving this program.
    /// </summary>
    /// <typeparam name="T">
    /// An integer of the register's width: 1, 2, 4 or 8 bytes. 8 bytes require a kernel whose vfio-pci supports
    /// accesses of 8 bytes.
    /// </typeparam>
    /// <param name="eventFd">
    /// The eventfd (<see cref="EventFd.Handle"/>). The caller keeps it, and can close it when this has returned.
    /// Signals that arrive while a write is in progress cause one more write in total.
    /// </param>
    /// <param name="offset">The offset in bytes, in a BAR and outside the MSI-X table.</param>
    /// <param name="value">The value to write. Nothing is written while the device does not decode its memory.</param>
    /// <returns>An object that ends this when it is disposed. Disposing the region also ends it.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="eventFd"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="offset"/> is not aligned to the width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The write is not within the region.</exception>
    /// <exception cref="NotSupportedException">The region cannot be written, the backend does not support it, or
    /// <typeparamref name="T"/> is wider than 8 bytes.</exception>
    /// <exception cref="ObjectDisposedException">The region or its device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The region is not a BAR, the offset is in the MSI-X table, or the descriptor is not an eventfd (EINVAL); another
    /// event already writes the same value there (EEXIST); or the device has 1000 of these (ENOSPC).
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

        // The region was disposed meanwhile.
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
                // The device was closed, and the kernel has ended it with the device.
            }
        }
    }
}
