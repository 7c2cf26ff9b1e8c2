namespace Vfio;

// What happens if the device does not answer.
public sealed unsafe partial class Region
{
    private readonly string _deviceName;
    private readonly bool _isChecked;

    /// <summary>Gets whether some accesses since the region was mapped did not reach the device.</summary>
    internal bool IsCovered => Array.Exists(_guards, guard => guard.IsCovered);

    /// <summary>Maps every covered part of the region again, even if an earlier part fails.</summary>
    /// <returns>Whether nothing is covered.</returns>
    /// <exception cref="VfioException">The kernel refused to map a part of it again.</exception>
    internal bool TryRecover()
    {
        bool isRecovered = true;
        Disposal.InTurn([.. _guards.Select(
            guard => (Action)(() => isRecovered &= guard.TryRecover($"{Index.Describe()} of {_deviceName}")))]);
        return isRecovered;
    }

    // For a checked region, after each access: the guard's counter tells immediately whether an access was lost. All
    // ones can also come from a device that is not on the bus any more, without a fault; they are rare enough to check
    // that.
    private void ThrowIfUnanswered(string operation, ulong offset, bool mayBeLost)
    {
        if (_isChecked)
        {
            CheckAnswer(operation, offset, mayBeLost);
        }
    }

    private void CheckAnswer(string operation, ulong offset, bool mayBeLost)
    {
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
                Describe(offset),
                isLost ? "the device was removed from the bus" : "the device did not answer",
                isLost
                    ? "dispose the device"
                    : "its memory decoding is off (config+4, bit 1), or it is in reset or suspended; when it answers "
                        + "again, call VfioDevice.Recover");
        }
    }
}
