using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop.Uapi;

namespace Vfio.Interop;

/// <summary>The ioctls of a VFIO device descriptor, one method each: kernel structures in and out, errno as exception.</summary>
internal static unsafe class VfioDeviceIoctl
{
    // The kernel says how much it has to say (argsz). A region with thousands of sparse areas stays below this.
    private const uint MaxInfoBytes = 1 << 20;

    public static VfioUapi.vfio_device_info GetInfo(SafeFileHandle device, string subject)
    {
        VfioUapi.vfio_device_info info = new() { argsz = (uint)sizeof(VfioUapi.vfio_device_info) };
        if (Libc.Ioctl(device, VfioUapi.VFIO_DEVICE_GET_INFO, &info) < 0)
        {
            throw new VfioException("VFIO_DEVICE_GET_INFO", subject, Marshal.GetLastPInvokeError());
        }

        return info;
    }

    public static void Reset(SafeFileHandle device, string subject)
    {
        if (Libc.Ioctl(device, VfioUapi.VFIO_DEVICE_RESET, 0) < 0)
        {
            throw new VfioException("VFIO_DEVICE_RESET", subject, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>The region's structure with the capabilities that follow it, as bytes: at least the fixed structure's.</summary>
    public static byte[] GetRegionInfo(SafeFileHandle device, uint index, string subject)
    {
        uint size = (uint)sizeof(VfioUapi.vfio_region_info);
        while (true)
        {
            byte[] buffer = new byte[size];
            VfioUapi.vfio_region_info request = new() { argsz = size, index = index };
            MemoryMarshal.Write(buffer, in request);
            fixed (byte* start = buffer)
            {
                if (Libc.Ioctl(device, VfioUapi.VFIO_DEVICE_GET_REGION_INFO, start) < 0)
                {
                    throw new VfioException("VFIO_DEVICE_GET_REGION_INFO", subject, Marshal.GetLastPInvokeError());
                }
            }

            uint wanted = MemoryMarshal.Read<VfioUapi.vfio_region_info>(buffer).argsz;
            if (wanted <= size)
            {
                return buffer;
            }

            if (wanted > MaxInfoBytes)
            {
                throw new VfioException("VFIO_DEVICE_GET_REGION_INFO", subject, $"the kernel asks for {wanted} bytes, more than any region needs");
            }

            size = wanted;
        }
    }
}
