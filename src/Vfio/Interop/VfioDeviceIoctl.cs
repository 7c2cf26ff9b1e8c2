using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// The ioctls of a VFIO device descriptor, one method each: kernel structures in and out, errno as exception.
/// </summary>
internal static partial class VfioDeviceIoctl
{
    private const int MostFeatureBytes = 256;

    /// <summary>
    /// The device's structure with the capabilities that follow it, as bytes: at least the fixed structure's.
    /// </summary>
    public static byte[] GetInfo(SystemCalls calls, SafeFileHandle device, string subject) => InfoAnswer.Get(
        calls,
        "VFIO_DEVICE_GET_INFO",
        device,
        VfioUapi.VFIO_DEVICE_GET_INFO,
        default(VfioUapi.vfio_device_info),
        subject);

    public static void Reset(SystemCalls calls, SafeFileHandle device, string subject) =>
        Check(
            "VFIO_DEVICE_RESET",
            subject,
            calls.Ioctl("VFIO_DEVICE_RESET", device, VfioUapi.VFIO_DEVICE_RESET, 0, out _));

    /// <summary>
    /// The region's structure with the capabilities that follow it, as bytes: at least the fixed structure's.
    /// </summary>
    public static byte[] GetRegionInfo(SystemCalls calls, SafeFileHandle device, uint index, string subject) =>
        InfoAnswer.Get(
            calls,
            "VFIO_DEVICE_GET_REGION_INFO",
            device,
            VfioUapi.VFIO_DEVICE_GET_REGION_INFO,
            new VfioUapi.vfio_region_info { index = index },
            subject);

    /// <summary>Asks for, reads or writes a feature (VFIO_DEVICE_FEATURE).</summary>
    /// <param name="calls">Who makes the call.</param>
    /// <param name="call">What an error calls it: the feature's name.</param>
    /// <param name="device">The device.</param>
    /// <param name="flags">The feature, with <c>VFIO_DEVICE_FEATURE_GET</c>, <c>SET</c> or <c>PROBE</c>.</param>
    /// <param name="data">What follows the header; the kernel may fill it.</param>
    /// <param name="result">What the call gives: a descriptor, where a feature gives one.</param>
    /// <returns>The errno, 0 if it worked.</returns>
    public static int Feature(
        SystemCalls calls, string call, SafeFileHandle device, uint flags, Span<byte> data, out int result)
    {
        int header = Unsafe.SizeOf<VfioUapi.vfio_device_feature>();
        Span<byte> argument = stackalloc byte[header + MostFeatureBytes];
        argument = argument[..(header + data.Length)];
        VfioUapi.vfio_device_feature feature = new() { argsz = (uint)argument.Length, flags = flags };
        MemoryMarshal.Write(argument, in feature);
        data.CopyTo(argument[header..]);
        int errno = calls.Ioctl(call, device, VfioUapi.VFIO_DEVICE_FEATURE, argument, out result);
        argument[header..].CopyTo(data);
        return errno;
    }

    private static void Check(string call, string subject, int errno)
    {
        if (errno != 0)
        {
            throw new VfioException(call, subject, errno);
        }
    }
}
