using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// Lines of kernel logs: Intel's as the machine's kernels write them, AMD's by the format of drivers/iommu/amd.
/// </summary>
public sealed class IommuFaultTextTests
{
    [Theory]
    [InlineData(
        "DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0x1001000 [fault reason 0x05] PTE Write "
        + "access is not set",
        "0000:02:00.0", 0x1001000, DmaAccess.Write, "PTE Write access is not set")]
    [InlineData(
        "DMAR: [DMA Read NO_PASID] Request device [00:1f.7] fault addr 0xfffffffffffff000 [fault reason 0x06] PTE "
        + "Read access is not set",
        "0000:00:1f.7", 0xfffffffffffff000, DmaAccess.Read, "PTE Read access is not set")]
    [InlineData(
        "DMAR: [DMA Write PASID 0x1] Request device [0x03:00.0] fault addr 0x2000 [fault reason 0x59] SM: Non-zero "
        + "reserved field",
        "0000:03:00.0", 0x2000, DmaAccess.Write, "SM: Non-zero reserved field")]
    [InlineData(
        "DMAR: [DMA Read] Request device [02:00.0] PASID ffffffff fault addr 1001000 [fault reason 06] PTE Read "
        + "access is not set",
        "0000:02:00.0", 0x1001000, DmaAccess.Read, "PTE Read access is not set")]
    [InlineData(
        "DMAR: [DMA Write] Request device [02:00.0] fault addr fffff000 [fault reason 05] PTE Write access is not set",
        "0000:02:00.0", 0xfffff000, DmaAccess.Write, "PTE Write access is not set")]
    [InlineData(
        "vfio-pci 0001:0a:00.3: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000e address=0xdead0000 flags=0x0020]",
        "0001:0a:00.3", 0xdead0000, DmaAccess.Write, "IO_PAGE_FAULT, flags 0x20")]
    [InlineData(
        "vfio-pci 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000e address=0x1000 flags=0x0000]",
        "0000:01:00.0", 0x1000, DmaAccess.Read, "IO_PAGE_FAULT, flags 0x0")]
    public void A_fault_is_read(string line, string device, ulong iova, DmaAccess access, string reason) =>
        Assert.Equal(new IommuFault(PciAddress.Parse(device), iova, access, reason), IommuFaultText.Parse(line));

    [Theory]
    [InlineData("")]
    [InlineData("DMAR: DRHD: handling fault status reg 2")]
    [InlineData("DMAR: [DMA Write NO_PASID] Request device [zz:00.0] fault addr 0x1000 [fault reason 0x05] x")]
    [InlineData(
        "DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0x11112222333344445 [fault reason 0x05] x")]
    [InlineData("DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0x1000 [fault reason 0x05]")]
    [InlineData(
        "DMAR: [INTR-REMAP] Request device [02:00.0] fault index 0x0 [fault reason 0x25] Blocked a compatibility "
        + "format interrupt request")]
    [InlineData(
        "usb 1-1: Product: DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0x1000 [fault reason 0x05] "
        + "PTE Write access is not set")]
    [InlineData(
        "usb 1-1: Product: x 0000:02:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000e address=0x1000 "
        + "flags=0x0000]")]
    [InlineData("user said: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000e address=0x1000 flags=0x0000]")]
    public void Other_lines_are_not_faults(string line) => Assert.Null(IommuFaultText.Parse(line));

    [Theory]
    [InlineData("3,1234,5678,-;DMAR: x", "DMAR: x")]
    [InlineData("6,1,2,c,caller=T1;a;b\n SUBSYSTEM=pci\n DEVICE=+pci:0000:02:00.0", "a;b")]
    [InlineData("7,1,2,-;", "")]
    [InlineData("8,1,2,-;DMAR: x", null)] // a program's: facility 1
    [InlineData("12,1,2,-;DMAR: x", null)]
    [InlineData("-1,1,2,-;DMAR: x", null)]
    [InlineData(";DMAR: x", null)]
    [InlineData("3;DMAR, x", null)]
    [InlineData("3,no text", null)]
    [InlineData("", null)]
    public void Only_the_kernels_own_records_are_read(string record, string? text) =>
        Assert.Equal(text, KernelLog.TextOf(record));

    [Fact]
    public void Garbage_is_survived()
    {
        const string Line = "DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0x1001000 [fault reason "
            + "0x05] PTE Write access is not set";
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            char[] text = Line.ToCharArray();
            for (int change = random.Next(1, 5); change > 0; change--)
            {
                text[random.Next(text.Length)] = (char)random.Next(0x20, 0x180);
            }

            _ = IommuFaultText.Parse(new string(text, 0, random.Next(text.Length + 1)));
        }
    }
}
