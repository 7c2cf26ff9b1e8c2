namespace Vfio;

// Power: the state in configuration space, and the runtime power management of the kernel.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Reads the power state from the power management capability (PCI Express Base Specification 6.0, section 7.5.2).
    /// This wakes a device that the kernel has suspended (<see cref="EnterLowPower"/>).
    /// </summary>
    /// <returns>The state; <see langword="null"/> for a device without the capability, which is always on.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device does not answer.</exception>
    public PciPowerState? GetPowerState()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return PowerControl.Find(_backend, Name)?.State;
    }

    /// <summary>
    /// Sets the power state of the device, as a driver does. In a state below D0 only configuration space answers:
    /// trapped accesses to its regions fail, and an access to a mapping causes a bus error. Many devices return to D0
    /// as after a reset. The kernel waits as long as the transition takes.
    /// </summary>
    /// <param name="state">
    /// The state; D1 and D2 only if the device has them. From a state below D0, a device can only enter a deeper one or
    /// D0.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a power state.</exception>
    /// <exception cref="NotSupportedException">
    /// The device has no power management, or does not have this state.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device does not answer, or did not enter the state.</exception>
    public void SetPowerState(PciPowerState state)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (state is < PciPowerState.D0 or > PciPowerState.D3Hot)
        {
            throw new ArgumentOutOfRangeException(
                nameof(state), state, "the power states of a device are D0, D1, D2 and D3hot");
        }

        PowerControl control = PowerControl.Find(_backend, Name)
            ?? throw new NotSupportedException($"{Name} has no power management capability: it is always on");
        lock (_configChange)
        {
            control.Set(state);
        }
    }

    /// <summary>
    /// Allows the kernel to suspend the device as deeply as the platform can, including D3cold, until
    /// <see cref="ExitLowPower"/> (<c>VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY</c>, Linux 6.1). The kernel need not do so;
    /// <see cref="PciDeviceDetails.RuntimeStatus"/> shows it. Every access through the file descriptor wakes the
    /// device; an access to a mapping causes a bus error until <see cref="ExitLowPower"/>.
    /// </summary>
    /// <param name="wakeUp">
    /// Signalled once when the device is woken by an access or by its own signal (PME); the device then stays awake
    /// until the next call (<c>VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP</c>). A device that was never suspended
    /// does not signal it. The caller keeps ownership; the kernel holds its own reference. If <see langword="null"/>,
    /// the device is suspended again after each access.
    /// </param>
    /// <exception cref="ObjectDisposedException">The device or the eventfd was disposed.</exception>
    /// <exception cref="VfioException">
    /// The device is already in low power (EINVAL). If low power was entered with an eventfd and the device was
    /// suspended, this call is an access that wakes the device, and signals the eventfd again. Or the device is a
    /// device model, or the kernel is older than 6.1 (ENOTTY).
    /// </exception>
    public void EnterLowPower(EventFd? wakeUp = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _backend.EnterLowPower(wakeUp?.Handle, Name);
    }

    /// <summary>
    /// Wakes the device and keeps it awake (<c>VFIO_DEVICE_FEATURE_LOW_POWER_EXIT</c>). Does nothing if it is awake.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The device is a device model, or the kernel is older than 6.1 (ENOTTY).
    /// </exception>
    public void ExitLowPower()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _backend.ExitLowPower(Name);
    }
}
