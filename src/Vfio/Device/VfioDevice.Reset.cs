namespace Vfio;

// Resets of a whole bus.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Plans a reset of the device's bus: which devices it affects (<c>VFIO_DEVICE_GET_PCI_HOT_RESET_INFO</c>), and
    /// whether it is allowed, which requires that all of them belong to this program. It can reset devices that
    /// <see cref="Reset"/> cannot, and devices that hang. Nothing is changed before <see cref="HotResetPlan.Execute"/>.
    /// </summary>
    /// <param name="others">
    /// The other devices on that bus that are open in this program, opened through the same backend as this one.
    /// Devices that were opened through groups can be in several address spaces, and one device of a group is enough.
    /// Devices that were opened through iommufd must share this device's address space, and need not be passed.
    /// </param>
    /// <returns>The plan; it is valid as long as the devices are open.</returns>
    /// <exception cref="ArgumentNullException">A device is <see langword="null"/>.</exception>
    /// <exception cref="NotSupportedException">The backend does not support bus resets.</exception>
    /// <exception cref="ObjectDisposedException">This device, or one of the others, was disposed.</exception>
    /// <exception cref="VfioException">
    /// Nothing can reset the device's bus (ENODEV), for example because it is a root bus.
    /// </exception>
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
