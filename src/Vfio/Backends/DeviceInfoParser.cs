namespace Vfio;

/// <summary>
/// Parses the kernel's device structure and its capability chain into a <see cref="DeviceInfo"/>. The chain is bounded:
/// an offset outside the answer, or a loop, ends it.
/// </summary>
internal static class DeviceInfoParser
{
    private const int MaxCapabilities = 64;
    private const AtomicCompletions Known = AtomicCompletions.Bits32
        | AtomicCompletions.Bits64
        | AtomicCompletions.Bits128;

    public static DeviceInfo Parse(ReadOnlySpan<byte> answer)
    {
        if (!InfoAnswer.TryRead(answer, 0, out VfioUapi.vfio_device_info info))
        {
            throw new VfioException("VFIO_DEVICE_GET_INFO", "the device", $"the answer has only {answer.Length} bytes");
        }

        AtomicCompletions atomics = AtomicCompletions.None;
        // Without the flag the kernel does not fill the field: older kernels leave it unchanged.
        uint offset = (info.flags & VfioUapi.VFIO_DEVICE_FLAGS_CAPS) != 0 ? info.cap_offset : 0;
        for (int count = 0;
            offset != 0
            && count < MaxCapabilities
            && InfoAnswer.TryRead(answer, offset, out VfioUapi.vfio_info_cap_header header);
            count++)
        {
            // The other capabilities are those of zPCI devices on s390, where .NET does not run.
            if (header.id == VfioUapi.VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP
                && InfoAnswer.TryRead(answer, offset, out VfioUapi.vfio_device_info_cap_pci_atomic_comp found))
            {
                atomics = (AtomicCompletions)found.flags & Known;
            }

            offset = header.next;
        }

        return new DeviceInfo(
            info.num_regions, info.num_irqs, (info.flags & VfioUapi.VFIO_DEVICE_FLAGS_RESET) != 0, atomics);
    }
}
