using Vfio.Pci;

namespace Vfio.Emulation.Tests;

/// <summary>What a device model may declare, and what its constructor refuses.</summary>
public sealed class DeclarationTests
{
    [Theory]
    [InlineData(RegionIndex.Bar0, 24, BarKind.Memory32)]
    [InlineData(RegionIndex.Bar0, 8, BarKind.Memory32)]
    [InlineData(RegionIndex.Bar0, 0, BarKind.Memory32)]
    [InlineData(RegionIndex.Bar0, 1ul << 32, BarKind.Memory32)]
    [InlineData(RegionIndex.Bar0, 1ul << 47, BarKind.Memory64)]
    [InlineData(RegionIndex.Bar0, 512, BarKind.IoPorts)]
    [InlineData(RegionIndex.Bar0, 4096, (BarKind)9)]
    [InlineData(RegionIndex.Bar5, 4096, BarKind.Memory64)]
    [InlineData(RegionIndex.Rom, 4096, BarKind.Memory32)]
    [InlineData((RegionIndex)(-1), 4096, BarKind.Memory32)]
    public void No_such_bar(RegionIndex index, ulong length, BarKind kind) =>
        Assert.ThrowsAny<ArgumentException>(() => new Free().Bar(index, length, kind));

    [Fact]
    public void A_64_bit_bar_takes_two()
    {
        using Free model = new();
        model.Bar(RegionIndex.Bar2, 4096, BarKind.Memory64);
        Assert.Throws<ArgumentException>(() => model.Bar(RegionIndex.Bar3, 4096));
        Assert.Throws<ArgumentException>(() => model.Bar(RegionIndex.Bar2, 4096));
        Assert.Throws<ArgumentException>(() => model.Bar(RegionIndex.Bar1, 4096, BarKind.Memory64));
        model.Bar(RegionIndex.Bar1, 4096);
    }

    [Theory]
    [InlineData(0x0ff0, 0x1000)] // over what is there
    [InlineData(0xf000, 0x2000)]
    [InlineData(0x4, 8)]
    [InlineData(0x8, 4)]
    [InlineData(0x8, 0)]
    [InlineData(ulong.MaxValue - 7, 16)]
    [InlineData(0x8000, 0x1000)] // over the MSI-X table
    [InlineData(0x8ff8, 0x10)] // over the pending bits
    public void Memory_must_not_overlap_anything(ulong offset, ulong length)
    {
        using Free model = new();
        ModelBar bar = model.Bar(RegionIndex.Bar0, 0x10000);
        bar.AddMemory(0x1000, 0x1000);
        model.Add(new MsixCapability(4, RegionIndex.Bar0, 0x8000, 0x9000));
        Assert.Throws<ArgumentException>(() => bar.AddMemory(offset, length));
        Assert.Equal(0x1000ul, bar.AddMemory(0x2000, 0x1000).Length);
    }

    [Fact]
    public void A_bar_with_ports_cannot_contain_memory()
    {
        using Free model = new();
        Assert.Throws<ArgumentException>(() => model.Bar(RegionIndex.Bar0, 64, BarKind.IoPorts).AddMemory(0, 64));
    }

    [Fact]
    public void An_msix_table_needs_a_memory_bar_with_space()
    {
        using Free model = new();
        Assert.Throws<ArgumentException>(() => model.Add(new MsixCapability(1, RegionIndex.Bar0, 0, 0x800)));
        model.Bar(RegionIndex.Bar0, 0x1000);
        model.Bar(RegionIndex.Bar1, 256, BarKind.IoPorts);
        model.MemoryBar(RegionIndex.Bar2, 0x1000);
        Assert.Throws<ArgumentException>(() => model.Add(new MsixCapability(1, RegionIndex.Bar1, 0, 0x80)));
        Assert.Throws<ArgumentException>(() => model.Add(new MsixCapability(256, RegionIndex.Bar0, 0x800, 0)));
        Assert.Throws<ArgumentException>(() => model.Add(new MsixCapability(1, (RegionIndex)99, 0, 0x800)));
        ArgumentException memory = Assert.Throws<ArgumentException>(
            () => model.Add(new MsixCapability(1, RegionIndex.Bar2, 0, 0x800)));
        Assert.Contains("AddBar", memory.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new MsixCapability(1, RegionIndex.Bar0, 4, 0x800));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MsixCapability(2049, RegionIndex.Bar0, 0, 0x800));
    }

    [Fact]
    public void A_capability_must_fit_at_its_offset()
    {
        using Free model = new();
        Assert.Equal(0x40, model.Add(new PowerManagementCapability()).Start);
        Assert.Equal(0x80, model.Add(new MsiCapability(1) { Offset = 0x80 }).Start);
        Assert.Equal(0x48, model.Add(new VendorSpecificCapability([1])).Start);
        Assert.Throws<ArgumentException>(() => model.Add(new RawCapability(0x13, [1, 2], []) { Offset = 0x84 }));
        Assert.Throws<ArgumentException>(() => model.Add(new RawCapability(0x13, new byte[100]) { Offset = 0xf0 }));
        Assert.Throws<ArgumentException>(() => model.Add(new MsiCapability(1)));
        Assert.Throws<ArgumentException>(() => model.Add(new SerialNumberCapability(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MsiCapability(1) { Offset = 0x3c });
        Assert.Throws<ArgumentOutOfRangeException>(() => new MsiCapability(1) { Offset = 0x42 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new MsiCapability(3));
    }

    [Fact]
    public void Capabilities_that_do_not_fit_are_refused_whole()
    {
        using Free model = new();
        int count = 0;
        Assert.Throws<ArgumentException>(() =>
        {
            for (; count < 100; count++)
            {
                model.Add(new VendorSpecificCapability(new byte[5]));
            }
        });
        Assert.Equal((256 - 64) / 8, count);
    }

    [Fact]
    public void Device_specific_registers_are_outside_header_and_capabilities()
    {
        using Free model = new();
        model.Add(new PowerManagementCapability());
        Assert.Throws<ArgumentException>(() => model.Registers(0x3c, [1]));
        Assert.Throws<ArgumentException>(() => model.Registers(0x47, [1, 2]));
        Assert.Throws<ArgumentException>(() => model.Registers(0xff, [1, 2]));
        Assert.Throws<ArgumentException>(() => model.Registers(-1, [1]));
        Assert.Throws<ArgumentException>(() => model.Registers(0x60, []));
        model.Registers(0x60, [1, 2]);
        Assert.Throws<ArgumentException>(() => model.Registers(0x61, [1]));
    }

    [Fact]
    public void Nothing_is_declared_after_the_first_open()
    {
        using Free model = new();
        ModelBar bar = model.Bar(RegionIndex.Bar0, 0x10000);
        model.Open().Dispose();
        Assert.Throws<InvalidOperationException>(() => model.Bar(RegionIndex.Bar1, 0x1000));
        Assert.Throws<InvalidOperationException>(() => bar.AddMemory(0, 0x1000));
        Assert.Throws<InvalidOperationException>(() => model.Add(new MsiCapability(1)));
        Assert.Throws<InvalidOperationException>(() => model.Registers(0x60, [1]));
    }

    [Fact]
    public void An_identity_is_checked() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PciIdentity(1, 2) { InterruptPin = 5 });

    private sealed class Free() : DeviceModel("free", new PciIdentity(1, 2))
    {
        public ModelMemory MemoryBar(RegionIndex index, ulong length) => AddMemoryBar(index, length);

        public ModelBar Bar(RegionIndex index, ulong length, BarKind kind = BarKind.Memory32) =>
            AddBar(index, length, static (_, _) => 0, static (_, _, _) => { }, kind);

        public T Add<T>(T capability)
            where T : ModelCapability => AddCapability(capability);

        public void Registers(int offset, byte[] values) => AddConfigRegisters(offset, values);
    }
}
