using Microsoft.Win32.SafeHandles;

namespace Vfio;

// Features of the device (VFIO_DEVICE_FEATURE).
public sealed partial class VfioDevice
{
    private const int MostFeatureBytes = 256;
    private const int MostFeature = 0xffff;

    /// <summary>Gets what can be done with a feature of the device. Nothing is read or changed.</summary>
    /// <param name="feature">The feature; 0 to 65535.</param>
    /// <returns>
    /// What can be done; <see cref="FeatureSupport.None"/> if the device does not have the feature. Device models have
    /// none.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is outside 0 to 65535.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The call failed.</exception>
    public FeatureSupport ProbeFeature(DeviceFeature feature)
    {
        Check(feature, []);
        return _backend.Probe(feature, Name);
    }

    /// <summary>Gets what can be done with each feature that <see cref="DeviceFeature"/> names.</summary>
    /// <returns>The features that the device has, by number.</returns>
    /// <inheritdoc cref="ProbeFeature"/>
    public IReadOnlyDictionary<DeviceFeature, FeatureSupport> ProbeFeatures()
    {
        SortedDictionary<DeviceFeature, FeatureSupport> found = [];
        foreach (DeviceFeature feature in Enum.GetValues<DeviceFeature>())
        {
            if (ProbeFeature(feature) is var support and not FeatureSupport.None)
            {
                found.Add(feature, support);
            }
        }

        return found;
    }

    /// <summary>
    /// Reads a feature as bytes, for features that this library has no method for (<c>VFIO_DEVICE_FEATURE_GET</c>).
    /// Dangerous: the kernel follows pointers among the bytes, and writes to where they point.
    /// </summary>
    /// <param name="feature">The feature; 0 to 65535.</param>
    /// <param name="data">The structure behind the header (<c>linux/vfio.h</c>), at most 256 bytes: sent to the kernel,
    /// and overwritten by its answer.</param>
    /// <returns>The descriptor that the call returned; <see langword="null"/> if it returned 0. The caller owns
    /// it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is outside 0 to 65535.</exception>
    /// <exception cref="ArgumentException">The data is longer than 256 bytes.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device does not have the feature, or the kernel does not know it (ENOTTY);
    /// it cannot be read, or has another length (EINVAL); or it failed.</exception>
    public SafeFileHandle? DangerousGetFeature(DeviceFeature feature, Span<byte> data)
    {
        Check(feature, data);
        return AsHandle(_backend.GetRaw(feature, Name, data));
    }

    /// <summary>
    /// Sets a feature as bytes, for features that this library has no method for (<c>VFIO_DEVICE_FEATURE_SET</c>).
    /// Dangerous: the kernel follows pointers among the bytes, and its answer may contain the number of a descriptor
    /// that the caller has to close.
    /// </summary>
    /// <inheritdoc cref="DangerousGetFeature"/>
    public SafeFileHandle? DangerousSetFeature(DeviceFeature feature, Span<byte> data)
    {
        Check(feature, data);
        return AsHandle(_backend.SetRaw(feature, Name, data));
    }

    private static SafeFileHandle? AsHandle(int result) =>
        result > 0 ? new SafeFileHandle(result, ownsHandle: true) : null;

    private void Check(DeviceFeature feature, ReadOnlySpan<byte> data)
    {
        if (feature is < 0 or > (DeviceFeature)MostFeature)
        {
            throw new ArgumentOutOfRangeException(nameof(feature), feature, "a feature is a number from 0 to 65535");
        }

        if (data.Length > MostFeatureBytes)
        {
            throw new ArgumentException(
                $"a feature has at most {MostFeatureBytes} bytes, not {data.Length}", nameof(data));
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);
    }
}
