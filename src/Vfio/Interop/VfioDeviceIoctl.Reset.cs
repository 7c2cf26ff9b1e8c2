using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

// Resets of a whole bus, and writes that an eventfd makes; the errno comes back, 0 where it worked.
internal static partial class VfioDeviceIoctl
{
    private const int UsualResetDevices = 4;

    // A bus has 256 functions; below its bridges there may be more buses. What claims more is not believed.
    private const int MostResetDevices = 65536;
    private const int MostResetRounds = 8;

    /// <summary>
    /// Gets which devices a reset of the device's bus hits (VFIO_DEVICE_GET_PCI_HOT_RESET_INFO). Devices may come
    /// between two questions.
    /// </summary>
    public static int GetHotResetInfo(
        SystemCalls calls, SafeFileHandle device, out uint flags, out VfioUapi.vfio_pci_dependent_device[] devices)
    {
        const string Call = "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO";
        int header = Unsafe.SizeOf<VfioUapi.vfio_pci_hot_reset_info>();
        (int room, flags, devices) = (UsualResetDevices, 0, []);
        for (int round = 1; ; round++)
        {
            byte[] argument = new byte[header + (room * Unsafe.SizeOf<VfioUapi.vfio_pci_dependent_device>())];
            VfioUapi.vfio_pci_hot_reset_info info = new() { argsz = (uint)argument.Length };
            MemoryMarshal.Write(argument, in info);
            int errno = calls.Ioctl(Call, device, VfioUapi.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, argument, out _);
            info = MemoryMarshal.Read<VfioUapi.vfio_pci_hot_reset_info>(argument);
            bool isTooSmall = errno is 0 or Errno.ENOSPC && info.count > (uint)room;
            if (isTooSmall && info.count <= MostResetDevices && round < MostResetRounds)
            {
                room = (int)info.count;
                continue;
            }

            if (errno != 0 || isTooSmall)
            {
                return errno != 0 ? errno : Errno.ENOSPC;
            }

            flags = info.flags;
            devices =
                MemoryMarshal.Cast<byte, VfioUapi.vfio_pci_dependent_device>(argument.AsSpan(header))[..(int)info.count]
                    .ToArray();
            return 0;
        }
    }

    /// <summary>Resets the device's bus (VFIO_DEVICE_PCI_HOT_RESET).</summary>
    /// <param name="calls">Who makes the call.</param>
    /// <param name="device">The device.</param>
    /// <param name="groups">The groups of all devices that it hits, each once; none for a device that was opened by its
    /// own node.</param>
    public static int HotReset(SystemCalls calls, SafeFileHandle device, ReadOnlySpan<SafeFileHandle> groups)
    {
        int header = Unsafe.SizeOf<VfioUapi.vfio_pci_hot_reset>();
        byte[] argument = new byte[header + (groups.Length * sizeof(int))];
        VfioUapi.vfio_pci_hot_reset reset = new() { argsz = (uint)argument.Length, count = (uint)groups.Length };
        MemoryMarshal.Write(argument, in reset);
        int held = 0;
        try
        {
            for (; held < groups.Length; held++)
            {
                bool isHeld = false;
                groups[held].DangerousAddRef(ref isHeld);
                int number = (int)groups[held].DangerousGetHandle();
                MemoryMarshal.Write(argument.AsSpan(header + (held * sizeof(int))), in number);
            }

            return calls.Ioctl(
                "VFIO_DEVICE_PCI_HOT_RESET", device, VfioUapi.VFIO_DEVICE_PCI_HOT_RESET, argument, out _);
        }
        finally
        {
            foreach (SafeFileHandle group in groups[..held])
            {
                group.DangerousRelease();
            }
        }
    }

    /// <summary>Lets the kernel write to the device whenever an eventfd is signalled (VFIO_DEVICE_IOEVENTFD).</summary>
    /// <param name="calls">Who makes the call.</param>
    /// <param name="device">The device.</param>
    /// <param name="offset">Where in the device descriptor's file.</param>
    /// <param name="width">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">What is written.</param>
    /// <param name="eventFd">The eventfd; null ends it.</param>
    public static int SetWriteOnEvent(
        SystemCalls calls, SafeFileHandle device, ulong offset, int width, ulong value, SafeFileHandle? eventFd)
    {
        VfioUapi.vfio_device_ioeventfd set = new()
        {
            argsz = (uint)Unsafe.SizeOf<VfioUapi.vfio_device_ioeventfd>(),
            flags = width switch
            {
                1 => VfioUapi.VFIO_DEVICE_IOEVENTFD_8,
                2 => VfioUapi.VFIO_DEVICE_IOEVENTFD_16,
                4 => VfioUapi.VFIO_DEVICE_IOEVENTFD_32,
                _ => VfioUapi.VFIO_DEVICE_IOEVENTFD_64,
            },
            offset = offset,
            data = value,
            fd = NoDescriptor,
        };
        if (eventFd is null)
        {
            return calls.Ioctl("VFIO_DEVICE_IOEVENTFD", device, VfioUapi.VFIO_DEVICE_IOEVENTFD, ref set);
        }

        using HandleUse use = new(eventFd);
        set.fd = use.Number;
        return calls.Ioctl("VFIO_DEVICE_IOEVENTFD", device, VfioUapi.VFIO_DEVICE_IOEVENTFD, ref set);
    }
}
