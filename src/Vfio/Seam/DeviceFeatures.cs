using Vfio.Interop.Uapi;

namespace Vfio.Backends;

/// <summary>A device's features (VFIO_DEVICE_FEATURE), one method each, over the seam.</summary>
internal static class DeviceFeatures
{
    private const int TokenBytes = 16;

    /// <summary>Sets the token by which virtual functions of this physical function may be opened (VFIO_DEVICE_FEATURE_PCI_VF_TOKEN).</summary>
    public static void SetVirtualFunctionToken(this IDeviceBackend device, Guid token, string subject)
    {
        Span<byte> bytes = stackalloc byte[TokenBytes];
        token.TryWriteBytes(bytes, bigEndian: true, out _);
        Check("VFIO_DEVICE_FEATURE_PCI_VF_TOKEN", subject, device.Feature(
            "VFIO_DEVICE_FEATURE_PCI_VF_TOKEN", VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN, bytes, out _));
    }

    private static void Check(string feature, string subject, int errno)
    {
        if (errno != 0)
        {
            throw new VfioException(feature, subject, errno);
        }
    }
}
