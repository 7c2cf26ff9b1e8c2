using System.Text.RegularExpressions;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Parses the lines that the kernel's IOMMU drivers write to the log about a stopped transfer: Intel's (<c>DMAR: [DMA
/// Write NO_PASID] Request device [00:03.0] fault addr 0x… [fault reason 0x05] …</c>) and AMD's (<c>vfio-pci
/// 0000:00:03.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x… address=0x… flags=0x…]</c>). Arm's name a stream and
/// not a device.
/// </summary>
internal static partial class IommuFaultText
{
    // RW, bit 5 of the flags (AMD I/O Virtualization Technology (IOMMU) Specification, IO_PAGE_FAULT event).
    private const ulong AmdWrite = 1 << 5;

    public static IommuFault? Parse(string line)
    {
        if (Intel().Match(line) is { Success: true } intel
            && PciAddress.TryParse(intel.Groups["device"].Value, out PciAddress device)
            && HexText.TryParse(intel.Groups["address"].Value, out ulong iova))
        {
            return new IommuFault(
                device,
                iova,
                intel.Groups["access"].Value == "Write" ? DmaAccess.Write : DmaAccess.Read,
                intel.Groups["reason"].Value);
        }

        if (Amd().Match(line) is { Success: true } amd
            && PciAddress.TryParse(amd.Groups["device"].Value, out device)
            && HexText.TryParse(amd.Groups["address"].Value, out iova)
            && HexText.TryParse(amd.Groups["flags"].Value, out ulong flags))
        {
            return new IommuFault(
                device,
                iova,
                (flags & AmdWrite) != 0 ? DmaAccess.Write : DmaAccess.Read,
                $"IO_PAGE_FAULT, flags 0x{flags:x}");
        }

        return null;
    }

    [GeneratedRegex(
        @"^DMAR: \[DMA (?<access>Read|Write)[^\]]*\] Request device \[(?:0x)?(?<device>[0-9a-f:.]{7,16})\] "
        + @"(?:PASID \S+ )?fault addr (?:0x)?(?<address>[0-9a-f]{1,16}) \[fault reason [^\]]*\] (?<reason>.{1,200})",
        RegexOptions.CultureInvariant)]
    private static partial Regex Intel();

    [GeneratedRegex(
        @"^(?:[\w-]{1,32} )?(?<device>[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): AMD-Vi: Event logged "
        + @"\[IO_PAGE_FAULT domain=0x[0-9a-f]{1,8} address=0x(?<address>[0-9a-f]{1,16}) "
        + @"flags=0x(?<flags>[0-9a-f]{1,8})",
        RegexOptions.CultureInvariant)]
    private static partial Regex Amd();
}
