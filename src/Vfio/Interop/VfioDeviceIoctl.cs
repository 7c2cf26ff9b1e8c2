using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop.Uapi;

namespace Vfio.Interop;

/// <summary>The ioctls of a VFIO device descriptor, one method each: kernel structures in and out, errno as exception.</summary>
internal static class VfioDeviceIoctl
{
    private const int TokenBytes = 16;

    public static VfioUapi.vfio_device_info GetInfo(SystemCalls calls, SafeFileHandle device, string subject)
    {
        VfioUapi.vfio_device_info info = new() { argsz = (uint)Unsafe.SizeOf<VfioUapi.vfio_device_info>() };
        Check("VFIO_DEVICE_GET_INFO", subject, calls.Ioctl("VFIO_DEVICE_GET_INFO", device, VfioUapi.VFIO_DEVICE_GET_INFO, ref info));
        return info;
    }

    public static void Reset(SystemCalls calls, SafeFileHandle device, string subject) =>
        Check("VFIO_DEVICE_RESET", subject, calls.Ioctl("VFIO_DEVICE_RESET", device, VfioUapi.VFIO_DEVICE_RESET, 0, out _));

    /// <summary>The region's structure with the capabilities that follow it, as bytes: at least the fixed structure's.</summary>
    public static byte[] GetRegionInfo(SystemCalls calls, SafeFileHandle device, uint index, string subject) => InfoAnswer.Get(
        calls, "VFIO_DEVICE_GET_REGION_INFO", device, VfioUapi.VFIO_DEVICE_GET_REGION_INFO, new VfioUapi.vfio_region_info { index = index }, subject);

    /// <summary>Sets the token by which virtual functions of this physical function may be opened (VFIO_DEVICE_FEATURE_PCI_VF_TOKEN).</summary>
    public static void SetVirtualFunctionToken(SystemCalls calls, SafeFileHandle device, Guid token, string subject)
    {
        int header = Unsafe.SizeOf<VfioUapi.vfio_device_feature>();
        Span<byte> argument = stackalloc byte[header + TokenBytes];
        VfioUapi.vfio_device_feature feature = new()
        {
            argsz = (uint)argument.Length,
            flags = VfioUapi.VFIO_DEVICE_FEATURE_SET | VfioUapi.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN,
        };
        MemoryMarshal.Write(argument, in feature);
        token.TryWriteBytes(argument[header..], bigEndian: true, out _);
        Check("VFIO_DEVICE_FEATURE_PCI_VF_TOKEN", subject, calls.Ioctl("VFIO_DEVICE_FEATURE_PCI_VF_TOKEN", device, VfioUapi.VFIO_DEVICE_FEATURE, argument, out _));
    }

    /// <summary>A file of a region's memory, for another device to reach it (VFIO_DEVICE_FEATURE_DMA_BUF, Linux 6.19).</summary>
    /// <returns>The errno, 0 where it worked.</returns>
    public static int GetDmaBuf(SystemCalls calls, SafeFileHandle device, uint region, ulong offset, ulong length, out SafeFileHandle file)
    {
        int header = Unsafe.SizeOf<VfioUapi.vfio_device_feature>();
        int fixedPart = Unsafe.SizeOf<VfioUapi.vfio_device_feature_dma_buf>();
        Span<byte> argument = stackalloc byte[header + fixedPart + Unsafe.SizeOf<VfioUapi.vfio_region_dma_range>()];
        VfioUapi.vfio_device_feature feature = new()
        {
            argsz = (uint)argument.Length,
            flags = VfioUapi.VFIO_DEVICE_FEATURE_GET | VfioUapi.VFIO_DEVICE_FEATURE_DMA_BUF,
        };
        VfioUapi.vfio_device_feature_dma_buf question = new() { region_index = region, open_flags = Libc.O_RDWR | Libc.O_CLOEXEC, nr_ranges = 1 };
        VfioUapi.vfio_region_dma_range range = new() { offset = offset, length = length };
        MemoryMarshal.Write(argument, in feature);
        MemoryMarshal.Write(argument[header..], in question);
        MemoryMarshal.Write(argument[(header + fixedPart)..], in range);
        int errno = calls.Ioctl("VFIO_DEVICE_FEATURE_DMA_BUF", device, VfioUapi.VFIO_DEVICE_FEATURE, argument, out int fd);
        file = new SafeFileHandle(fd, ownsHandle: errno == 0);
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
