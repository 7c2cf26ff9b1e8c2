using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class FaultTests : IDisposable
{
    private readonly TestModel _model = new();
    private readonly VfioDevice _device;
    private readonly Region _bar0;

    public FaultTests()
    {
        _device = _model.Open();
        _bar0 = _device.OpenRegion(RegionIndex.Bar0);
        _bar0.WriteUInt32(8, 5);
    }

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void No_answer_is_an_error_as_often_as_requested()
    {
        _model.Faults.StopAnswering(RegionIndex.Bar0, 2);
        Assert.Equal(Errno.EIO, Assert.Throws<VfioException>(() => _bar0.ReadUInt32(8)).Errno);
        Assert.Equal(Errno.EIO, Assert.Throws<VfioException>(() => _bar0.WriteUInt32(8, 6)).Errno);
        Assert.Equal(5u, _bar0.ReadUInt32(8));
    }

    [Fact]
    public void A_fault_of_one_region_does_not_affect_another()
    {
        _model.Faults.StopAnswering(RegionIndex.Bar1);
        Assert.Equal(5u, _bar0.ReadUInt32(8));
        using Region ports = _device.OpenRegion(RegionIndex.Bar1);
        Assert.Throws<VfioException>(() => ports.ReadByte(0));
        _model.Faults.Clear();
        Assert.Equal(0, ports.ReadByte(0));
    }

    [Fact]
    public void All_ones_swallow_writes()
    {
        _model.Faults.ReturnAllOnes(RegionIndex.Bar0, 3);
        Assert.Equal((0xff, ulong.MaxValue), (_bar0.ReadByte(8), _bar0.ReadUInt64(8)));
        _bar0.WriteUInt32(8, 6);
        Assert.Equal(5u, _bar0.ReadUInt32(8));
    }

    [Fact]
    public void A_wrong_value_comes_from_one_register()
    {
        _model.Faults.ReturnWrongValue(RegionIndex.Bar0, 8, 0x123456789a, 2);
        _bar0.WriteUInt32(8, 7);
        Assert.Equal((0u, 0x3456789au, 0x9a), (_bar0.ReadUInt32(12), _bar0.ReadUInt32(8), _bar0.ReadByte(8)));
        Assert.Equal(7u, _bar0.ReadUInt32(8));
        _model.Faults.ReturnWrongValue(RegionIndex.Config, 0, 0xffff);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        Assert.Equal((0xffff, 0xffff), (config.ReadUInt16(0), config.ReadUInt16(0)));
    }

    [Fact]
    public void The_first_fault_counts_then_the_next()
    {
        _model.Faults.ReturnWrongValue(RegionIndex.Bar0, 8, 1, 1);
        _model.Faults.ReturnWrongValue(RegionIndex.Bar0, 8, 2, 1);
        Assert.Equal((1u, 2u, 5u), (_bar0.ReadUInt32(8), _bar0.ReadUInt32(8), _bar0.ReadUInt32(8)));
    }

    [Fact]
    public void A_reset_comes_before_the_access_it_is_set_for()
    {
        _model.Faults.ResetAfter(3);
        Assert.Equal(
            (5u, 5u, 0u, 0u), (_bar0.ReadUInt32(8), _bar0.ReadUInt32(8), _bar0.ReadUInt32(8), _bar0.ReadUInt32(8)));
        Assert.Equal(2, _model.Resets);
        _model.Faults.ResetAfter(0);
        Assert.Equal(3, _model.Resets);
    }

    [Fact]
    public void A_removed_device_reads_as_all_ones_everywhere()
    {
        using Region memory = _device.OpenRegion(RegionIndex.Bar4);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        using Region rom = _device.OpenRegion(RegionIndex.Rom);
        memory.WriteUInt32(0, 7);
        _model.Faults.RemoveAfter(2);
        Assert.Equal((5u, 7u), (_bar0.ReadUInt32(8), memory.ReadUInt32(0)));
        Assert.Equal(uint.MaxValue, _bar0.ReadUInt32(8));
        Assert.True(_model.IsRemoved);
        Assert.Equal(
            (uint.MaxValue, ushort.MaxValue, byte.MaxValue),
            (memory.ReadUInt32(0), config.ReadUInt16(0), rom.ReadByte(0)));
        config.WriteUInt16(4, 0);
        _bar0.WriteUInt32(8, 1);
        memory.WriteUInt32(0, 1);
        Assert.Equal(7u, _model.WholeMemory.ReadUInt32(0));
        Assert.Equal(Errno.ENODEV, Assert.Throws<VfioException>(_device.Reset).Errno);
        using Region again = _device.OpenRegion(RegionIndex.Bar4);
        Assert.Equal(uint.MaxValue, again.ReadUInt32(0));
        Assert.Equal(DmaResult.NoClient, _model.Memory.TryRead(0, new byte[1]));
        _device.Dispose();
        Assert.Equal(Errno.ENODEV, Assert.Throws<VfioException>(new Action(() => _model.Open())).Errno);
    }

    [Fact]
    public void Interrupts_are_lost_and_come_without_reason()
    {
        using TestModel model = new();
        RecordingClient client = new();
        using ModelSession session = model.OpenSession(client);
        session.Write(RegionIndex.Config, 4, 2, 6);
        model.Faults.RaiseSpurious();
        session.EnableInterrupts(IrqIndex.Msi, 4);
        model.Faults.LoseInterrupts(2);
        for (int vector = 0; vector < 4; vector++)
        {
            model.Interrupts.Signal(vector);
        }

        Assert.Equal(["Msi 2", "Msi 3"], client.Take());
        model.Faults.RaiseSpurious(3);
        session.EnableInterrupts(IrqIndex.Msix, 70);
        model.Faults.RaiseSpurious(69);
        session.EnableInterrupts(IrqIndex.Intx, 1);
        model.Faults.LoseInterrupts();
        model.Interrupts.Raise();
        model.Interrupts.Lower();
        model.Faults.RaiseSpurious(5);
        Assert.Equal(["Msi 3", "Msix 69", "Intx 0"], client.Take());
        model.Faults.Remove();
        Assert.Equal(["Request 0"], client.Take()); // the kernel requests it
        model.Faults.RaiseSpurious();
        model.Interrupts.Raise();
        Assert.Empty(client.Take());
    }

    [Fact]
    public void A_model_that_was_removed_is_lost_and_one_that_decodes_no_memory_is_not()
    {
        using Region config = _device.OpenRegion(RegionIndex.Config);
        using Region memory = _device.OpenRegion(RegionIndex.Bar4);
        using Region cautious = _device.OpenRegion(RegionIndex.Bar4, RegionAccess.Checked);
        Assert.True(memory.IsMapped && cautious.IsMapped);
        Assert.Equal(DeviceState.Available, _device.GetState());
        config.WriteUInt16(4, 0);
        memory.WriteUInt32(0, uint.MaxValue);
        Assert.Equal((uint.MaxValue, DeviceState.Available), (cautious.ReadUInt32(0), _device.GetState()));
        _device.Recover();
        _model.Faults.Remove();
        Assert.Equal((uint.MaxValue, DeviceState.Lost), (memory.ReadUInt32(0x10), _device.GetState()));
        Assert.Contains(
            "removed", Assert.Throws<VfioException>(() => cautious.ReadUInt32(0x10)).Message, StringComparison.Ordinal);
        Assert.Contains("removed", Assert.Throws<VfioException>(_device.Recover).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_spurious_vector_is_one_the_driver_has()
    {
        using TestModel model = new();
        RecordingClient client = new();
        using ModelSession session = model.OpenSession(client);
        session.Write(RegionIndex.Config, 4, 2, 6);
        session.EnableInterrupts(IrqIndex.Msix, 3);
        model.Faults.RaiseSpurious(1000);
        Assert.Equal([$"Msix {1000 % 3}"], client.Take());
    }

    [Fact]
    public void Transfers_fail_or_go_astray_within_what_is_mapped()
    {
        using TestModel model = new();
        using ModelSession session = model.OpenSession(client: null);
        MemoryTarget target = new(0x2000);
        session.Write(RegionIndex.Config, 4, 2, 6);
        session.Dma.Map(0x1000, 0x2000, DmaAccess.Write, target);
        model.Faults.FailDma(DmaResult.NotPermitted, 1);
        Assert.Equal(DmaResult.NotPermitted, model.Memory.TryWrite(0x1000, [1]));
        model.Faults.DisplaceDma(0x1000, 2);
        Assert.Equal(DmaResult.Completed, model.Memory.TryWrite(0x1000, [2]));
        Assert.Equal(DmaResult.NotMapped, model.Memory.TryWrite(0x2000, [3]));
        Assert.Equal(DmaResult.Completed, model.Memory.TryWrite(0x1000, [4]));
        Assert.Equal((4, 2), (target.Bytes[0], target.Bytes[0x1000]));
    }

    [Fact]
    public void Numbers_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Faults.StopAnswering(RegionIndex.Bar0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Faults.LoseInterrupts(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Faults.RaiseSpurious(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Faults.FailDma(DmaResult.Completed));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Faults.DisplaceDma(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Faults.RemoveAfter(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Faults.ResetAfter(-1));
    }
}
