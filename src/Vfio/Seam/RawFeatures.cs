using System.Globalization;

namespace Vfio;

/// <summary>Accesses a device's features by number.</summary>
internal static class RawFeatures
{
    /// <summary>Gets what can be done with a feature.</summary>
    public static FeatureSupport Probe(this IDeviceBackend device, DeviceFeature feature, string subject)
    {
        // Without GET and SET, the kernel reports whether the device has the feature; with one of them, whether that is
        // possible.
        return Ask(device, feature, subject, 0)
            ? (Ask(device, feature, subject, VfioUapi.VFIO_DEVICE_FEATURE_GET)
                ? FeatureSupport.Get
                : FeatureSupport.None)
                | (Ask(device, feature, subject, VfioUapi.VFIO_DEVICE_FEATURE_SET)
                    ? FeatureSupport.Set
                    : FeatureSupport.None)
            : FeatureSupport.None;
    }

    public static int GetRaw(this IDeviceBackend device, DeviceFeature feature, string subject, Span<byte> data)
    {
        int errno = device.CallFeature(
            NameOf(feature), VfioUapi.VFIO_DEVICE_FEATURE_GET | (uint)feature, data, out int result);
        return errno == 0 ? Math.Max(result, 0) : throw Explain(feature, subject, errno);
    }

    public static int SetRaw(this IDeviceBackend device, DeviceFeature feature, string subject, Span<byte> data)
    {
        int errno = device.CallFeature(
            NameOf(feature), VfioUapi.VFIO_DEVICE_FEATURE_SET | (uint)feature, data, out int result);
        return errno == 0 ? Math.Max(result, 0) : throw Explain(feature, subject, errno);
    }

    /// <summary>
    /// Gets the feature's name in the kernel's headers, or its number if this library does not know it.
    /// </summary>
    public static string NameOf(DeviceFeature feature)
    {
        if (feature == DeviceFeature.MigPrecopyInfoV2)
        {
            return "VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2";
        }

        return Enum.IsDefined(feature)
            ? "VFIO_DEVICE_FEATURE_" + string.Concat(feature.ToString().Select(
                (c, i) => i > 0 && char.IsAsciiLetterUpper(c) ? $"_{c}" : $"{char.ToUpperInvariant(c)}"))
            : string.Create(CultureInfo.InvariantCulture, $"VFIO_DEVICE_FEATURE {(int)feature}");
    }

    private static bool Ask(IDeviceBackend device, DeviceFeature feature, string subject, uint how)
    {
        int errno = device.CallFeature(
            NameOf(feature), VfioUapi.VFIO_DEVICE_FEATURE_PROBE | how | (uint)feature, [], out _);
        return errno switch
        {
            0 => true,
            Errno.ENOTTY or Errno.EINVAL or Errno.EOPNOTSUPP => false,
            _ => throw new VfioException(NameOf(feature), subject, errno),
        };
    }

    private static VfioException Explain(DeviceFeature feature, string subject, int errno) =>
        new(NameOf(feature), subject, errno, errno switch
        {
            Errno.ENOTTY => "the device does not have this feature, or the kernel does not know it "
                + "(VfioDevice.ProbeFeatures tells which it has)",
            _ => null,
        });
}
