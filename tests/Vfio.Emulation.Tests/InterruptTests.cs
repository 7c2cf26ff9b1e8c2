using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class InterruptTests : IDisposable
{
    private const ushort BusMaster = 0x0006;
    private const ulong TableControl = TestModel.TableOffset + 12;

    private readonly RecordingClient _client = new();
    private readonly TestModel _model = new();
    private readonly ModelSession _session;

    public InterruptTests()
    {
        _session = _model.OpenSession(_client);
        Command(BusMaster);
    }

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void An_interrupt_that_is_not_enabled_is_lost()
    {
        _model.Interrupts.Raise();
        _model.Interrupts.Signal(0);
        Assert.Empty(_client.Take());
        Assert.Equal(8ul, Config(6, 2) & 8);
    }

    [Fact]
    public void A_raised_line_interrupts_once_until_the_driver_unmasks_it()
    {
        _session.EnableInterrupts(IrqIndex.Intx, 1);
        _model.Interrupts.Raise();
        _model.Interrupts.Raise();
        Assert.Equal(["Intx 0"], _client.Take());
        _session.MaskIntx(false);
        Assert.Equal(["Intx 0"], _client.Take()); // still raised
        _model.Interrupts.Lower();
        _session.MaskIntx(false);
        Assert.Empty(_client.Take());
        Assert.Equal(0ul, Config(6, 2) & 8);
    }

    [Fact]
    public void A_line_that_is_already_raised_interrupts_when_it_is_enabled()
    {
        _model.Interrupts.Raise();
        _session.EnableInterrupts(IrqIndex.Intx, 1);
        Assert.Equal(["Intx 0"], _client.Take());
    }

    [Fact]
    public void A_masked_line_waits()
    {
        _session.EnableInterrupts(IrqIndex.Intx, 1);
        _session.MaskIntx(true);
        _model.Interrupts.Raise();
        Assert.Empty(_client.Take());
        _session.MaskIntx(false);
        Assert.Equal(["Intx 0"], _client.Take());
    }

    [Fact]
    public void A_line_disabled_in_the_command_register_waits_and_shows_its_state()
    {
        _session.EnableInterrupts(IrqIndex.Intx, 1);
        Command(0x0406);
        _model.Interrupts.Raise();
        Assert.Empty(_client.Take());
        Assert.Equal(8ul, Config(6, 2) & 8);
        Command(0x0006);
        Assert.Equal(["Intx 0"], _client.Take());
    }

    [Fact]
    public void Msi_signals_the_vectors_that_were_granted()
    {
        _session.EnableInterrupts(IrqIndex.Msi, 2);
        Assert.Equal((true, false), (_model.Interrupts.IsMsiEnabled, _model.Interrupts.IsMsixEnabled));
        Assert.Equal(0ul, Config(_model.Msi.Start + 2, 2) & 1);
        for (int vector = 0; vector < 4; vector++)
        {
            _model.Interrupts.Signal(vector);
        }

        Assert.Equal(["Msi 0", "Msi 1", "Msi 0", "Msi 1"], _client.Take());
        _session.DisableInterrupts();
        _model.Interrupts.Signal(0);
        Assert.Empty(_client.Take());
        Assert.Equal(0ul, Config(_model.Msi.Start + 2, 2) & 1);
    }

    [Fact]
    public void A_masked_msi_vector_is_pending_until_it_is_unmasked()
    {
        int mask = _model.Msi.Start + 16;
        _session.EnableInterrupts(IrqIndex.Msi, 4);
        _session.Write(RegionIndex.Config, (ulong)mask, 4, 0xffff_fff6);
        Assert.Equal(6ul, Config(mask, 4));
        _model.Interrupts.Signal(1);
        _model.Interrupts.Signal(1);
        _model.Interrupts.Signal(2);
        _model.Interrupts.Signal(3);
        Assert.Equal(["Msi 3"], _client.Take());
        Assert.Equal(6ul, Config(mask + 4, 4));
        _session.Write(RegionIndex.Config, (ulong)mask, 4, 4);
        Assert.Equal(["Msi 1"], _client.Take());
        Assert.Equal(4ul, Config(mask + 4, 4));
        _session.Write(RegionIndex.Config, (ulong)mask, 4, 0);
        Assert.Equal(["Msi 2"], _client.Take());
    }

    [Fact]
    public void MSI_needs_bus_mastering()
    {
        Command(0x0002);
        _session.EnableInterrupts(IrqIndex.Msi, 1);
        _model.Interrupts.Signal(0);
        _session.EnableInterrupts(IrqIndex.Msix, 1);
        _model.Interrupts.Signal(0);
        Assert.Empty(_client.Take());
        Command(BusMaster);
        _model.Interrupts.Signal(0);
        Assert.Equal(["Msix 0"], _client.Take());
    }

    [Fact]
    public void A_masked_msix_vector_is_pending_until_it_is_unmasked()
    {
        _session.EnableInterrupts(IrqIndex.Msix, TestModel.MsixVectors);
        ulong control = TableControl + (65 * 16);
        _session.Write(RegionIndex.Bar2, control, 4, 1);
        _model.Interrupts.Signal(65);
        _model.Interrupts.Signal(64);
        Assert.Equal(["Msix 64"], _client.Take());
        Assert.Equal(2ul, _session.Read(RegionIndex.Bar2, TestModel.PendingOffset + 8, 8));
        _session.Write(RegionIndex.Bar2, control, 4, 0);
        Assert.Equal(["Msix 65"], _client.Take());
        Assert.Equal(0ul, _session.Read(RegionIndex.Bar2, TestModel.PendingOffset + 8, 8));
    }

    [Fact]
    public void The_function_mask_holds_every_vector()
    {
        _session.EnableInterrupts(IrqIndex.Msix, 3);
        _session.MaskMsix(true);
        Assert.Equal(0xc000ul, Config(_model.Msix.Start + 2, 2) & 0xc000);
        _model.Interrupts.Signal(2);
        _model.Interrupts.Signal(0);
        Assert.Empty(_client.Take());
        _session.MaskMsix(false);
        Assert.Equal(["Msix 0", "Msix 2"], _client.Take());
        Assert.Equal(0x8000ul, Config(_model.Msix.Start + 2, 2) & 0xc000);
    }

    [Fact]
    public void Vectors_that_the_driver_did_not_enable_stay_masked()
    {
        _session.EnableInterrupts(IrqIndex.Msix, 2);
        _model.Interrupts.Signal(2);
        Assert.Empty(_client.Take());
        Assert.Equal(4ul, _session.Read(RegionIndex.Bar2, TestModel.PendingOffset, 4));
    }

    [Fact]
    public void The_msix_table_holds_what_is_written_and_ignores_what_is_narrow()
    {
        _session.Write(RegionIndex.Bar2, TestModel.TableOffset, 8, 0x11223344_fee00000);
        _session.Write(RegionIndex.Bar2, TestModel.TableOffset + 8, 4, 0x4041);
        _session.Write(RegionIndex.Bar2, TestModel.TableOffset + 8, 2, 0xffff);
        _session.Write(RegionIndex.Bar2, TestModel.PendingOffset, 8, ulong.MaxValue);
        Assert.Equal(0x11223344_fee00000ul, _session.Read(RegionIndex.Bar2, TestModel.TableOffset, 8));
        Assert.Equal(0x00000001_00004041ul, _session.Read(RegionIndex.Bar2, TestModel.TableOffset + 8, 8));
        Assert.Equal(0x41ul, _session.Read(RegionIndex.Bar2, TestModel.TableOffset + 8, 1));
        Assert.Equal(0ul, _session.Read(RegionIndex.Bar2, TestModel.PendingOffset, 8));
        Assert.Empty(_model.Log);
    }

    [Fact]
    public void A_reset_forgets_what_is_pending_and_keeps_what_is_enabled()
    {
        _session.EnableInterrupts(IrqIndex.Msix, 2);
        _session.Write(RegionIndex.Bar2, TableControl, 4, 1);
        _model.Interrupts.Signal(0);
        _model.Interrupts.Raise();
        _session.Reset();
        Assert.False(_model.Interrupts.IsRaised);
        _session.Write(RegionIndex.Bar2, TableControl, 4, 0);
        Assert.Empty(_client.Take());
        _model.Interrupts.Signal(1);
        Assert.Equal(["Msix 1"], _client.Take());
    }

    [Fact]
    public void A_driver_switches_MSI_off_and_on_with_the_enable_bit()
    {
        int control = _model.Msi.Start + 2;
        _session.EnableInterrupts(IrqIndex.Msi, 1);
        foreach ((int offset, int width, ulong value, bool isOn) in ((int, int, ulong, bool)[])
            [
                (0, 1, 0, true),
                (2, 2, 0x0184, false),
                (2, 2, 0x0185, true),
                (0, 4, 0x0184_0000, false),
                (4, 4, 0, false),
                (2, 1, 1, true),
                (2, 1, 0, false),
                (3, 1, 1, false),
                (2, 1, 1, true),
            ])
        {
            _session.Write(RegionIndex.Config, (ulong)(_model.Msi.Start + offset), width, value);
            _model.Interrupts.Signal(0);
            Assert.Equal(isOn ? ["Msi 0"] : [], _client.Take());
            Assert.Equal(isOn, _model.Interrupts.IsMsiEnabled);
        }

        Assert.Equal(1ul, Config(control, 2) & 1);
        _session.DisableInterrupts();
        Assert.Equal(1ul, Config(control, 2) & 1); // what the driver wrote
        _session.Write(RegionIndex.Config, (ulong)control, 2, 0x0185);
        Assert.Equal(0ul, Config(control, 2) & 1);
    }

    [Fact]
    public void Closing_ends_all_interrupts()
    {
        _session.EnableInterrupts(IrqIndex.Msi, 1);
        _session.Dispose();
        _model.Interrupts.Signal(0);
        using ModelSession next = _model.OpenSession(_client);
        _model.Interrupts.Signal(0);
        Assert.Empty(_client.Take());
        Assert.False(_model.Interrupts.IsMsiEnabled);
    }

    [Fact]
    public void A_device_in_D3hot_does_not_interrupt()
    {
        _session.EnableInterrupts(IrqIndex.Msi, 1);
        _session.Write(RegionIndex.Config, (ulong)_model.Power.Start + 4, 2, 3);
        _model.Interrupts.Signal(0);
        Assert.Empty(_client.Take());
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(0, 0)]
    [InlineData(1, 5)]
    [InlineData(2, TestModel.MsixVectors + 1)]
    [InlineData(2, -1)]
    [InlineData(3, 1)] // what the kernel tells is no way of the device's to interrupt
    [InlineData(4, 1)]
    [InlineData(9, 1)]
    public void More_vectors_than_exist_cannot_be_enabled(int kind, int vectors) => Assert.Equal(
        Errno.EINVAL, Assert.Throws<VfioException>(() => _session.EnableInterrupts((IrqIndex)kind, vectors)).Errno);

    [Fact]
    public void A_model_signals_only_what_it_declares()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Interrupts.Signal(TestModel.MsixVectors));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Interrupts.Signal(-1));
        using Unequal unequal = new();
        using ModelSession session = unequal.OpenSession(_client);
        session.Write(RegionIndex.Config, 4, 2, BusMaster);
        session.EnableInterrupts(IrqIndex.Msi, 4);
        unequal.Interrupts.Signal(3);
        Assert.Equal(["Msi 3"], _client.Take());
        session.EnableInterrupts(IrqIndex.Msix, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => unequal.Interrupts.Signal(3));
        using Pinless model = new();
        Assert.Throws<InvalidOperationException>(model.Interrupts.Raise);
    }

    private void Command(ushort value) => _session.Write(RegionIndex.Config, 4, 2, value);

    private ulong Config(int offset, int width) => _session.Read(RegionIndex.Config, (ulong)offset, width);

    private sealed class Unequal : DeviceModel
    {
        public Unequal()
            : base("unequal", new PciIdentity(1, 2))
        {
            AddBar(RegionIndex.Bar0, 4096, static (_, _) => 0, static (_, _, _) => { });
            AddCapability(new MsiCapability(4));
            AddCapability(new MsixCapability(2, RegionIndex.Bar0, 0, 0x800));
        }
    }

    private sealed class Pinless() : DeviceModel("pinless", new PciIdentity(1, 2));
}
