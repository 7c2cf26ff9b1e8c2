namespace Vfio;

// What becomes of it when the device does not answer.
public sealed unsafe partial class Region
{
    private readonly string _deviceName;
    private readonly bool _isChecked;

    /// <summary>Gets whether some accesses since the region was mapped did not reach the device.</summary>
    internal bool IsCovered => Array.Exists(_guards, guard => guard.IsCovered);

    /// <summary>Maps every part of the region again that was covered, even if an earlier part fails.</summary>
    /// <returns>Whether nothing is covered.</returns>
    /// <exception cref="VfioException">The kernel does not map a part of it any more.</exception>
    internal bool TryRecover()
    {
        bool isRecovered = true;
        Disposal.InTurn([.. _guards.Select(
            guard => (Action)(() => isRecovered &= guard.TryRecover($"{Index.Describe()} of {_deviceName}")))]);
        return isRecovered;
    }

    // For a checked region, after each access: the guard's count says at once whether an access was lost. Ones may also
    // come from a device that is not on the bus any more, where nothing faults; they are rare enough to ask it.
    private void ThrowIfUnanswered(string operation, ulong offset, bool mayBeLost)
    {
        if (!_isChecked)
        {
            return;
        }

        bool isCovered = IsCovered;
        if (!isCovered && !mayBeLost)
        {
            return;
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        bool isLost = _backend.IsLost();
        if (isCovered || isLost)
        {
            throw new VfioException(
                operation,
                $"{Index.Describe()}+0x{offset:x} of {_deviceName}",
                isLost ? "the device was removed from the bus" : "the device did not answer",
                isLost
                    ? "dispose the device"
                    : "its memory decoding is off (config+4, bit 1), or it is in reset or suspended; when it answers "
                        + "again, call VfioDevice.Recover");
        }
    }
}
