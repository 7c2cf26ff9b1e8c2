using Vfio.Pci;

namespace Vfio.Emulation.Tests;

/// <summary>Bus resets of a device model, its power states, and writes that eventfds trigger.</summary>
public sealed class LifeTests : IDisposable
{
    private static readonly TimeSpan Patience = Vfio.Tests.Eventually.Limit;

    private readonly TestModel _model = new();
    private readonly VfioDevice _device;
    private readonly EventFd _counter = new();

    public LifeTests() => _device = _model.Open();

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
        _counter.Dispose();
    }

    [Fact]
    public void A_bus_reset_is_the_models_reset()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        bar0.WriteUInt32(0, 0x12345678);
        HotResetPlan plan = _device.PlanHotReset();
        HotResetDevice hit = Assert.Single(plan.Devices);
        Assert.Equal((default(PciAddress?), null, HotResetOwner.ThisProgram), (hit.Address, hit.Driver, hit.Owner));
        plan.Execute();
        Assert.Equal(0u, bar0.ReadUInt32(0));
        _model.Faults.Remove();
        Assert.Equal(Errno.ENODEV, Assert.Throws<VfioException>(plan.Execute).Errno);
    }

    [Fact]
    public void A_model_without_a_reset_has_none_of_its_bus_either()
    {
        using EduModel model = new() { CanReset = false };
        using VfioDevice device = model.Open();
        Assert.Equal(Errno.ENODEV, Assert.Throws<VfioException>(() => device.PlanHotReset()).Errno);
    }

    [Fact]
    public void Its_power_states_are_those_of_its_capability()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        Assert.Equal(PciPowerState.D0, _device.GetPowerState());
        _device.SetPowerState(PciPowerState.D1);
        Assert.Throws<NotSupportedException>(() => _device.SetPowerState(PciPowerState.D2));
        _device.SetPowerState(PciPowerState.D3Hot);
        Assert.Equal(Errno.EIO, Assert.Throws<VfioException>(() => bar0.ReadUInt32(0)).Errno);
        // A deeper state can only be left for D0.
        Assert.Contains(
            "it is D3Hot, not D1",
            Assert.Throws<VfioException>(() => _device.SetPowerState(PciPowerState.D1)).Message,
            StringComparison.Ordinal);
        _device.SetPowerState(PciPowerState.D0);
        Assert.Equal(0u, bar0.ReadUInt32(0));
    }

    [Fact]
    public void It_has_no_features()
    {
        Assert.Empty(_device.ProbeFeatures());
        Assert.Equal(Errno.ENOTTY, Assert.Throws<VfioException>(() => _device.EnterLowPower(_counter)).Errno);
        Assert.Equal(Errno.ENOTTY, Assert.Throws<VfioException>(_device.ExitLowPower).Errno);
    }

    [Fact]
    public void Events_write_registers_memory_and_ports_but_not_the_table_of_MSIX()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        using Region bar4 = _device.OpenRegion(RegionIndex.Bar4);
        using Region bar2 = _device.OpenRegion(RegionIndex.Bar2);
        using EventFd registers = new();
        bar0.WriteOnEvent<uint>(registers.Handle, 4, 0x11111111);
        bar4.WriteOnEvent<ulong>(_counter.Handle, 0x100, 0x2222222222222222);
        registers.Signal();
        _counter.Signal();
        Assert.True(SpinWait.SpinUntil(
            () => bar0.ReadUInt32(4) == 0x11111111 && bar4.ReadUInt64(0x100) == 0x2222222222222222, Patience));
        foreach (ulong offset in (ulong[])[
            TestModel.TableOffset,
            TestModel.TableOffset + (16 * TestModel.MsixVectors) - 4,
        ])
        {
            VfioException refusal = Assert.Throws<VfioException>(
                () => bar2.WriteOnEvent<uint>(_counter.Handle, offset, 1));
            Assert.Equal(("VFIO_DEVICE_IOEVENTFD", Errno.EINVAL), (refusal.Operation, refusal.Errno));
        }

        bar2.WriteOnEvent<uint>(_counter.Handle, TestModel.TableOffset + (16 * TestModel.MsixVectors), 1).Dispose();
        using Region config = _device.OpenRegion(RegionIndex.Config);
        Assert.Equal(
            Errno.EINVAL,
            Assert.Throws<VfioException>(() => config.WriteOnEvent<uint>(_counter.Handle, 0x10, 1)).Errno);
        using Region rom = _device.OpenRegion(RegionIndex.Rom);
        Assert.Throws<NotSupportedException>(() => rom.WriteOnEvent<byte>(_counter.Handle, 0, 1));
    }

    [Fact]
    public void A_device_has_a_thousand_events_at_most()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        IDisposable[] writes =
            [.. Enumerable.Range(0, 1000).Select(i => bar0.WriteOnEvent<uint>(_counter.Handle, 8, (uint)i))];
        Assert.Equal(
            Errno.ENOSPC, Assert.Throws<VfioException>(() => bar0.WriteOnEvent<uint>(_counter.Handle, 8, 1000)).Errno);
        writes[0].Dispose();
        bar0.WriteOnEvent<uint>(_counter.Handle, 8, 1000).Dispose();
        // All of them end with the device, whether the region was disposed or not.
        _device.Dispose();
        writes[1].Dispose();
        _counter.Signal();
    }

    [Fact]
    public void A_failing_handler_is_reported_by_the_next_access()
    {
        using FailingModel model = new();
        using VfioDevice device = model.Open();
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        bar0.WriteOnEvent<uint>(_counter.Handle, 0, 1);
        _counter.Signal();
        Assert.True(SpinWait.SpinUntil(
            () => Record.Exception(() => bar0.ReadUInt32(0)) is InvalidOperationException, Patience));
        Assert.Equal(7u, bar0.ReadUInt32(0));
    }

    private sealed class FailingModel : DeviceModel
    {
        public FailingModel()
            : base("failing", new PciIdentity(1, 1)) =>
            AddBar(
                RegionIndex.Bar0, 4096, static (_, _) => 7, static (_, _, _) => throw new FormatException("a mistake"));
    }
}
