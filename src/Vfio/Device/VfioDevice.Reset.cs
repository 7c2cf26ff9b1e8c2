namespace Vfio;

// Resets of more than one device.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Finds out what a reset of the device's bus hits (<c>VFIO_DEVICE_GET_PCI_HOT_RESET_INFO</c>), and whether it may
    /// be made: only where all devices on it are this program's. It resets what <see cref="Reset"/> cannot, and a
    /// device that hangs; nothing is changed before <see cref="HotResetPlan.Execute"/>.
    /// </summary>
    /// <param name="others">
    /// The other devices of this program's on that bus, open in the same way as this one. Opened by groups they may be
    /// in several address spaces, and one of a group stands for all of it; opened by iommufd they have to share this
    /// one's address space, and need not be given.
    /// </param>
    /// <returns>The plan; it is good as long as the devices are open.</returns>
    /// <exception cref="ArgumentNullException">A device is <see langword="null"/>.</exception>
    /// <exception cref="NotSupportedException">The backend knows no buses.</exception>
    /// <exception cref="ObjectDisposedException">This device, or one of the others, was disposed.</exception>
    /// <exception cref="VfioException">Nothing can reset the device's bus (ENODEV): it is on a root bus, for
    /// example.</exception>
    public HotResetPlan PlanHotReset(params VfioDevice[] others)
    {
        ArgumentNullException.ThrowIfNull(others);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        foreach (VfioDevice other in others)
        {
            ArgumentNullException.ThrowIfNull(other, nameof(others));
            ObjectDisposedException.ThrowIf(other._isDisposed, other);
        }

        return HotResetPlan.Make(
            Name,
            AsHotResetMember(),
            [.. others.Where(other => other != this).Select(other => other.AsHotResetMember())],
            _host);
    }

    private HotResetMember AsHotResetMember() => new(Address, _backend, RecoverAfterReset);
}
