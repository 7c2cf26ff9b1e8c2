namespace Vfio;

// Whether it answers, and what to do when it did not.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Whether the device answers, as far as is known now: <see cref="DeviceState.Unavailable"/> from the first access
    /// of an open region's mapping that did not reach it until <see cref="Recover"/>; <see cref="DeviceState.Lost"/>
    /// when its configuration space does not answer. Asking reads a register there.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public DeviceState GetState()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _backend.IsLost() ? DeviceState.Lost : IsCovered ? DeviceState.Unavailable : DeviceState.Available;
    }

    private bool IsCovered => OpenRegions().Exists(region => region.IsCovered);

    /// <summary>
    /// Maps the device's memory again where it did not answer, so that accesses reach it: after memory decoding was
    /// switched on again, after sleep, after a reset that was not <see cref="Reset"/>, which does it by itself. What
    /// was written meanwhile is lost. Where all accesses reached the device it does nothing. Any thread, also while
    /// others access the regions.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device is gone, asleep, or does not decode its memory; or the kernel does
    /// not map it any more.</exception>
    public void Recover()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_backend.IsLost())
        {
            throw new VfioException(
                "recover",
                Name,
                "the device was removed from the bus",
                "dispose it; if another device is in its place, open that one");
        }

        if (IsCovered && MemoryDecoding.WhyOff(_backend) is string reason)
        {
            throw new VfioException("recover", Name, reason, "set its power state to D0 first");
        }

        // Each region's turn, whatever becomes of the one before; also of those that a thread is only about to find
        // unanswered.
        Disposal.InTurn([.. OpenRegions().Select(region => (Action)(() =>
        {
            if (!region.TryRecover())
            {
                throw new VfioException(
                    "recover", $"{region.Index.Describe()} of {Name}", "the device still does not answer");
            }
        }))]);
    }

    // Decoding may have been off before the reset: the kernel leaves it so, and State tells.
    private void RecoverAfterReset()
    {
        if (IsCovered && !_backend.IsLost() && MemoryDecoding.WhyOff(_backend) is null)
        {
            Recover();
        }
    }

    private List<Region> OpenRegions()
    {
        lock (_lock)
        {
            return [.. _regions];
        }
    }
}
