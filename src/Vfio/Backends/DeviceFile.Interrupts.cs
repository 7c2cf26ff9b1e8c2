using Microsoft.Win32.SafeHandles;

namespace Vfio;

// The interrupts of the device.
internal sealed partial class DeviceFile
{
    public IrqInfo GetInterruptInfo(IrqIndex index)
    {
        VfioUapi.vfio_irq_info info = VfioDeviceIoctl.GetIrqInfo(calls, device, (uint)index, Describe(index));
        return new IrqInfo(
            index,
            (int)uint.Min(info.count, int.MaxValue),
            (info.flags & VfioUapi.VFIO_IRQ_INFO_EVENTFD) != 0,
            (info.flags & VfioUapi.VFIO_IRQ_INFO_MASKABLE) != 0,
            (info.flags & VfioUapi.VFIO_IRQ_INFO_AUTOMASKED) != 0,
            (info.flags & VfioUapi.VFIO_IRQ_INFO_NORESIZE) != 0);
    }

    public int SetTriggers(IrqIndex index, int start, ReadOnlySpan<SafeFileHandle?> eventFds)
    {
        CheckInterrupts(index, VfioDeviceIoctl.SetIrqs(
            calls, device, (uint)index, VfioUapi.VFIO_IRQ_SET_ACTION_TRIGGER, (uint)start, eventFds, out int result));
        return result;
    }

    public void SetUnmaskTrigger(IrqIndex index, int subindex, SafeFileHandle? eventFd) =>
        CheckInterrupts(index, VfioDeviceIoctl.SetIrqs(
            calls, device, (uint)index, VfioUapi.VFIO_IRQ_SET_ACTION_UNMASK, (uint)subindex, [eventFd], out _));

    public void SetInterrupts(IrqIndex index, IrqAction action, int start, int count) =>
        CheckInterrupts(index, VfioDeviceIoctl.SetIrqs(
            calls, device, (uint)index, FlagOf(action), (uint)start, (uint)count));

    public void DisableInterrupts(IrqIndex index) => CheckInterrupts(index, VfioDeviceIoctl.SetIrqs(
        calls, device, (uint)index, VfioUapi.VFIO_IRQ_SET_ACTION_TRIGGER, start: 0, count: 0));

    private static uint FlagOf(IrqAction action) => action switch
    {
        IrqAction.Mask => VfioUapi.VFIO_IRQ_SET_ACTION_MASK,
        IrqAction.Unmask => VfioUapi.VFIO_IRQ_SET_ACTION_UNMASK,
        _ => VfioUapi.VFIO_IRQ_SET_ACTION_TRIGGER,
    };

    private string Describe(IrqIndex index) => $"{index} interrupts of {subject}";

    private void CheckInterrupts(IrqIndex index, int errno)
    {
        if (errno != 0)
        {
            throw new VfioException("VFIO_DEVICE_SET_IRQS", Describe(index), errno, errno switch
            {
                Errno.ENOMEM or Errno.ENOSPC =>
                    "the host has no interrupt vectors left for the device: enable fewer, or look at /proc/interrupts",
                Errno.EBUSY => "the line is shared, and the device cannot release it (no DisINTx): use MSI or MSI-X",
                _ => null,
            });
        }
    }
}
