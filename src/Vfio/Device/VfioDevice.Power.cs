namespace Vfio;

// Its power: the state in configuration space, and the sleep that the kernel sees to.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Reads the power state out of the power management capability (PCI Express Base Specification 6.0, section
    /// 7.5.2). A device that the kernel let fall asleep (<see cref="EnterLowPower"/>) is woken by the question.
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
    /// Puts the device into a power state, as a driver does by itself. In a state below D0 only configuration space
    /// answers: trapped accesses of its regions fail, touching a mapping is a bus error; and many devices come back to
    /// D0 as after a reset. The kernel keeps the time that the way between states takes.
    /// </summary>
    /// <param name="state">The state; D1 and D2 where the device has them. From one below D0 only deeper ones and D0
    /// can be reached.</param>
    /// <exception cref="ArgumentOutOfRangeException">No power state.</exception>
    /// <exception cref="NotSupportedException">The device has no power management, or not this state.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device does not answer, or did not go into the state.</exception>
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
    /// Lets the kernel put the device to sleep, as deep as the platform can, D3cold included, until
    /// <see cref="ExitLowPower"/> (<c>VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY</c>, Linux 6.1). It need not do so:
    /// <see cref="PciDeviceDetails.RuntimeStatus"/> tells. Every access through the file descriptor wakes it; touching
    /// a mapping is a bus error until <see cref="ExitLowPower"/>.
    /// </summary>
    /// <param name="wakeUp">
    /// Told when the device is woken, once (<c>VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP</c>): by an access, or
    /// by a signal of its own (PME). It then stays awake until the next call. A device that never fell asleep does not
    /// tell. The caller's; the kernel keeps what it needs of it. None: the device falls asleep again after each access.
    /// </param>
    /// <exception cref="ObjectDisposedException">The device or the counter was disposed.</exception>
    /// <exception cref="VfioException">
    /// The device is in low power already (EINVAL). If low power was entered with a wake-up counter and the device
    /// slept, the call is an access that wakes it, and counts again. Or it is a device model, or the kernel is older
    /// than 6.1 (ENOTTY).
    /// </exception>
    public void EnterLowPower(EventFd? wakeUp = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _backend.EnterLowPower(wakeUp?.Handle, Name);
    }

    /// <summary>
    /// Wakes the device, and keeps it awake (<c>VFIO_DEVICE_FEATURE_LOW_POWER_EXIT</c>). Does nothing if it is awake.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">A device model, or a kernel before 6.1 (ENOTTY).</exception>
    public void ExitLowPower()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _backend.ExitLowPower(Name);
    }
}
