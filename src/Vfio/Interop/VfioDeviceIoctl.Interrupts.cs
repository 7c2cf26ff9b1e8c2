using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

// A device's interrupts: VFIO_DEVICE_GET_IRQ_INFO and VFIO_DEVICE_SET_IRQS.
internal static partial class VfioDeviceIoctl
{
    private const int NoDescriptor = -1;

    public static VfioUapi.vfio_irq_info GetIrqInfo(
        SystemCalls calls, SafeFileHandle device, uint index, string subject)
    {
        VfioUapi.vfio_irq_info info = new() { argsz = (uint)Unsafe.SizeOf<VfioUapi.vfio_irq_info>(), index = index };
        Check(
            "VFIO_DEVICE_GET_IRQ_INFO",
            subject,
            calls.Ioctl("VFIO_DEVICE_GET_IRQ_INFO", device, VfioUapi.VFIO_DEVICE_GET_IRQ_INFO, ref info));
        return info;
    }

    /// <summary>Does something with interrupts at once: one of the actions of <c>VFIO_IRQ_SET_ACTION_*</c>.</summary>
    /// <returns>The errno, 0 if it worked.</returns>
    public static int SetIrqs(SystemCalls calls, SafeFileHandle device, uint index, uint action, uint start, uint count)
    {
        VfioUapi.vfio_irq_set set = new()
        {
            argsz = (uint)Unsafe.SizeOf<VfioUapi.vfio_irq_set>(),
            flags = VfioUapi.VFIO_IRQ_SET_DATA_NONE | action,
            index = index,
            start = start,
            count = count,
        };
        return calls.Ioctl("VFIO_DEVICE_SET_IRQS", device, VfioUapi.VFIO_DEVICE_SET_IRQS, ref set);
    }

    /// <summary>
    /// Binds an action of interrupts to eventfds, one each from <paramref name="start"/> on; null takes one away.
    /// </summary>
    /// <param name="calls">Who makes the call.</param>
    /// <param name="device">The device.</param>
    /// <param name="index">Which kind of interrupts.</param>
    /// <param name="action">One of <c>VFIO_IRQ_SET_ACTION_*</c>.</param>
    /// <param name="start">The first vector.</param>
    /// <param name="eventFds">The eventfds; not empty.</param>
    /// <param name="result">
    /// Above 0 if nothing was done: the number of vectors that are available (MSI and MSI-X, the first time).
    /// </param>
    /// <returns>The errno, 0 if it worked.</returns>
    public static int SetIrqs(
        SystemCalls calls,
        SafeFileHandle device,
        uint index,
        uint action,
        uint start,
        ReadOnlySpan<SafeFileHandle?> eventFds,
        out int result)
    {
        int header = Unsafe.SizeOf<VfioUapi.vfio_irq_set>();
        byte[] argument = new byte[header + (eventFds.Length * sizeof(int))];
        VfioUapi.vfio_irq_set set = new()
        {
            argsz = (uint)argument.Length,
            flags = VfioUapi.VFIO_IRQ_SET_DATA_EVENTFD | action,
            index = index,
            start = start,
            count = (uint)eventFds.Length,
        };
        MemoryMarshal.Write(argument, in set);
        int held = 0;
        try
        {
            for (; held < eventFds.Length; held++)
            {
                bool isHeld = false;
                eventFds[held]?.DangerousAddRef(ref isHeld);
                int number = eventFds[held] is SafeFileHandle eventFd
                    ? (int)eventFd.DangerousGetHandle()
                    : NoDescriptor;
                MemoryMarshal.Write(argument.AsSpan(header + (held * sizeof(int))), in number);
            }

            return calls.Ioctl("VFIO_DEVICE_SET_IRQS", device, VfioUapi.VFIO_DEVICE_SET_IRQS, argument, out result);
        }
        finally
        {
            foreach (SafeFileHandle? eventFd in eventFds[..held])
            {
                eventFd?.DangerousRelease();
            }
        }
    }
}
