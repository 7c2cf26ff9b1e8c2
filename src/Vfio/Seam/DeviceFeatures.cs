namespace Vfio;

/// <summary>Provides a method for each feature of a device (VFIO_DEVICE_FEATURE) that the library uses.</summary>
internal static class DeviceFeatures
{
    private const int TokenBytes = 16;

    /// <summary>Probes, reads or writes a feature of a device that may have none.</summary>
    /// <inheritdoc cref="IDeviceFeatures.Feature"/>
    public static int CallFeature(this IDeviceBackend device, string name, uint flags, Span<byte> data, out int result)
    {
        result = -1;
        return device is IDeviceFeatures features ? features.Feature(name, flags, data, out result) : Errno.ENOTTY;
    }

    /// <summary>
    /// Sets the token that programs need to open virtual functions of this physical function
    /// (VFIO_DEVICE_FEATURE_PCI_VF_TOKEN).
    /// </summary>
    public static void SetVirtualFunctionToken(this IDeviceBackend device, Guid token, string subject)
    {
        Span<byte> bytes = stackalloc byte[TokenBytes];
        token.TryWriteBytes(bytes, bigEndian: true, out _);
        Check("VFIO_DEVICE_FEATURE_PCI_VF_TOKEN", subject, device.CallFeature(
            "VFIO_DEVICE_FEATURE_PCI_VF_TOKEN",
            VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN,
            bytes,
            out _));
    }

    private static void Check(string feature, string subject, int errno)
    {
        if (errno != 0)
        {
            throw new VfioException(feature, subject, errno);
        }
    }
}
