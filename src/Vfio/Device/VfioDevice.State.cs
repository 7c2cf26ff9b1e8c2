namespace Vfio;

// Whether the device answers, and how to recover if it did not.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Reads whether the device answers: <see cref="DeviceState.Unavailable"/> from the first access to an open
    /// region's mapping that did not reach it until <see cref="Recover"/>; <see cref="DeviceState.Lost"/> if its
    /// configuration space does not answer. This reads a register of configuration space.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public DeviceState GetState()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _backend.IsLost() ? DeviceState.Lost : IsCovered ? DeviceState.Unavailable : DeviceState.Available;
    }

    private bool IsCovered => OpenRegions().Exists(region => region.IsCovered);

    /// <summary>
    /// Maps the device's memory again if accesses to it were not answered, so that new accesses reach the device: for
    /// example after memory decoding was enabled again, after the device was suspended, or after a reset other than
    /// <see cref="Reset"/>, which calls this itself. What was written meanwhile is lost. Does nothing if all accesses
    /// reached the device. Thread-safe, also while other threads access the regions.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The device was removed, is suspended, or does not decode its memory; or the kernel refused to map it again.
    /// </exception>
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
            throw new VfioException(
                "recover",
                Name,
                reason,
                "enable its memory decoding (config+4, bit 1), or set its power state to D0, first");
        }

        // All regions are mapped again, even if one fails, including those where a thread is only about to find that
        // the device does not answer.
        Disposal.InTurn([.. OpenRegions().Select(region => (Action)(() =>
        {
            if (!region.TryRecover())
            {
                throw new VfioException(
                    "recover", $"{region.Index.Describe()} of {Name}", "the device still does not answer");
            }
        }))]);
    }

    // Decoding may have been off before the reset: the kernel does not change that, and GetState shows it.
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
