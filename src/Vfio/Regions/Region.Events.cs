using Microsoft.Win32.SafeHandles;

namespace Vfio;

// Writes that the kernel makes when an eventfd is signalled.
public sealed unsafe partial class Region
{
    /// <summary>
    /// Lets the kernel write a register of 1 byte whenever an eventfd is signalled (<c>VFIO_DEVICE_IOEVENTFD</c>): by another process or a virtual machine's
    /// doorbell, without this program's doing.
    /// </summary>
    /// <param name="eventFd">
    /// The eventfd (<see cref="EventCounter.Handle"/>); the caller's, and may be closed once this has returned. Signals that come while a write is under way make one more write,
    /// not one each.
    /// </param>
    /// <param name="offset">Bytes from the region's start, in a BAR and outside the MSI-X table.</param>
    /// <param name="value">The value to write. A device that does not decode its memory is not written.</param>
    /// <returns>Ends it when it is disposed; the region's disposal ends it too.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="eventFd"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The write does not lie within the region.</exception>
    /// <exception cref="NotSupportedException">The region cannot be written, or the backend has no such thing.</exception>
    /// <exception cref="ObjectDisposedException">The region or its device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The region is no BAR, the place is in the MSI-X table, or the descriptor is no eventfd (EINVAL); the same value is written there by an event already (EEXIST);
    /// more than 1000 for one device (ENOSPC).
    /// </exception>
    public IDisposable WriteByteOnEvent(SafeFileHandle eventFd, ulong offset, byte value) => WriteOnEvent(eventFd, offset, sizeof(byte), value);

    /// <summary>Lets the kernel write a register of 2 bytes whenever an eventfd is signalled.</summary>
    /// <inheritdoc cref="WriteByteOnEvent"/>
    /// <exception cref="ArgumentException"><paramref name="offset"/> is not aligned to the width.</exception>
    public IDisposable WriteUInt16OnEvent(SafeFileHandle eventFd, ulong offset, ushort value) => WriteOnEvent(eventFd, offset, sizeof(ushort), value);

    /// <summary>Lets the kernel write a register of 4 bytes whenever an eventfd is signalled.</summary>
    /// <inheritdoc cref="WriteUInt16OnEvent"/>
    public IDisposable WriteUInt32OnEvent(SafeFileHandle eventFd, ulong offset, uint value) => WriteOnEvent(eventFd, offset, sizeof(uint), value);

    /// <summary>Lets the kernel write a register of 8 bytes whenever an eventfd is signalled; where the kernel's vfio-pci knows accesses of 8 bytes.</summary>
    /// <inheritdoc cref="WriteUInt16OnEvent"/>
    public IDisposable WriteUInt64OnEvent(SafeFileHandle eventFd, ulong offset, ulong value) => WriteOnEvent(eventFd, offset, sizeof(ulong), value);

    private EventWrite WriteOnEvent(SafeFileHandle eventFd, ulong offset, int width, ulong value)
    {
        ArgumentNullException.ThrowIfNull(eventFd);
        Check(offset, width, Info.CanWrite, "written");
        if (_backend is not IWriteOnEvent device)
        {
            throw new NotSupportedException($"a device that is reached by {_backend.Name} is written by no event");
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

    private sealed class EventWrite(Region region, IWriteOnEvent device, ulong offset, int width, ulong value) : IDisposable
    {
        private int _isEnded;

        public void Dispose()
        {
            region.EndLoan(End);
            End();
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
