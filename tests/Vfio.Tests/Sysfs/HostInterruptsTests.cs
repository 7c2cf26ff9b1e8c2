using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>The host's side of interrupts, on files in the kernel's format.</summary>
public sealed class HostInterruptsTests : IDisposable
{
    private static readonly PciAddress Nic = PciAddress.Parse("0000:00:14.3");
    private readonly FakeHost _host = new();
    private readonly HostInterrupts _interrupts;

    public HostInterruptsTests()
    {
        _interrupts = new HostInterrupts(_host.Root, Nic);
        _host.Write("proc/interrupts", """
                       CPU0       CPU1
              1:          9          0  IR-IO-APIC    1-edge      i8042
             16:          0          5  IR-IO-APIC   16-fasteoi   ehci_hcd:usb1, vfio-intx(0000:00:14.3)
             24:          1          0  IR-PCI-MSIX-0000:00:14.3    0-edge      vfio-msix[0](0000:00:14.3)
             25:          1          0  IR-PCI-MSIX-0000:00:14.3    1-edge      vfio-msix[1](0000:00:14.3)
             26:          1          0  IR-PCI-MSIX-0000:00:15.3    1-edge      vfio-msix[1](0000:00:15.3)
             27:          1          0  IR-PCI-MSI-0000:00:14.3    0-edge      vfio-msi[0](0000:00:14.3)
            NMI:          0          0   Non-maskable interrupts
            """);
    }

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(IrqIndex.Intx, 0, 16)]
    [InlineData(IrqIndex.Msi, 0, 27)]
    [InlineData(IrqIndex.Msix, 0, 24)]
    [InlineData(IrqIndex.Msix, 1, 25)]
    public void A_vector_is_found_by_its_name(IrqIndex index, int subindex, int number) =>
        Assert.Equal(number, _interrupts.Find(index, subindex));

    [Fact]
    public void Missing_files_are_reported()
    {
        Assert.Contains(
            "vfio-msix[2](0000:00:14.3)",
            Assert.Throws<VfioException>(() => _interrupts.Find(IrqIndex.Msix, 2)).Message,
            StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => _interrupts.Find(IrqIndex.Request, 0));
        Assert.Equal("read", Assert.Throws<VfioException>(() => _interrupts.GetAffinity(99)).Operation);
    }

    [Theory]
    [InlineData("0-3", "0,1,2,3")]
    [InlineData("0", "0")]
    [InlineData("1,4-5,9", "1,4,5,9")]
    [InlineData("", null)]
    [InlineData("3-1", null)]
    [InlineData("0-99999999", null)]
    [InlineData("1-2-3", null)]
    [InlineData("a", null)]
    public void Processors_are_read(string text, string? expected) =>
        Assert.Equal(
            expected, HostInterrupts.Parse(text) is List<int> processors ? string.Join(',', processors) : null);

    [Fact]
    public void Processors_are_written()
    {
        _host.Write("proc/irq/24/smp_affinity_list", "0-1\n");
        Assert.Equal([0, 1], _interrupts.GetAffinity(24));
        _interrupts.SetAffinity(24, [1]);
        Assert.StartsWith("1", _host.Read("proc/irq/24/smp_affinity_list"), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _interrupts.SetAffinity(24, []));
        Assert.Throws<ArgumentException>(() => _interrupts.SetAffinity(24, [70_000]));
    }

    [Fact]
    public void Counts_are_summed_over_the_processors()
    {
        Assert.Equal(
            [new HostInterruptCount
            {
                Number = 16,
                Name = "ehci_hcd:usb1, vfio-intx(0000:00:14.3)",
                Count = 5,
            }, new HostInterruptCount { Number = 24, Name = "vfio-msix[0](0000:00:14.3)", Count = 1 }],
            HostInterruptCount.Read(_host.Root, [24, 16, 99]));
        Assert.Empty(HostInterruptCount.Read(_host.Root, []));
        _host.Write(
            "proc/interrupts",
            "CPU0 CPU1\n 5: 1\n 6: 99999999999999999999 1 a b c\n 7: x 1 a b c\n 8: 1 2 a b \u001bc\n");
        Assert.Equal(
            [new HostInterruptCount { Number = 8, Name = "?c", Count = 3 }],
            HostInterruptCount.Read(_host.Root, [5, 6, 7, 8]));
    }
}
