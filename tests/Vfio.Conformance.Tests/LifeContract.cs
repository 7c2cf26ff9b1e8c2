using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>The behaviour of every backend: features, power states, bus resets, and writes that events make.</summary>
public abstract class LifeContract : IDisposable
{
    private const ulong Command = 4;
    private const ulong Liveness = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    private readonly EduBackend _backend;
    private readonly VfioDevice _device;

    protected LifeContract(EduBackend backend)
    {
        _backend = backend;
        _device = backend.Open();
    }

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Its_features_are_reported()
    {
        IReadOnlyDictionary<DeviceFeature, FeatureSupport> features = _device.ProbeFeatures();
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Join(", ", features.Select(pair => $"{pair.Key} ({pair.Value})")));
        // The bus master bit of a PCI device is in configuration space, edu has no virtual functions, and vfio-pci does
        // not support migration.
        Assert.DoesNotContain(DeviceFeature.BusMaster, features.Keys);
        Assert.DoesNotContain(DeviceFeature.PciVfToken, features.Keys);
        Assert.DoesNotContain(DeviceFeature.Migration, features.Keys);
        Assert.Equal(FeatureSupport.None, _device.ProbeFeature((DeviceFeature)0xfff0));
        if (_backend is InProcessEdu)
        {
            Assert.Empty(features);
            return;
        }

        Assert.Equal(FeatureSupport.Set, features[DeviceFeature.LowPowerEntry]);
        Assert.Equal(FeatureSupport.Set, features[DeviceFeature.LowPowerEntryWithWakeup]);
        Assert.Equal(FeatureSupport.Set, features[DeviceFeature.LowPowerExit]);
        VfioException failure = Assert.Throws<VfioException>(
            () => _device.DangerousSetFeature(DeviceFeature.BusMaster, new byte[4]));
        Assert.Equal(("VFIO_DEVICE_FEATURE_BUS_MASTER", Errno.ENOTTY), (failure.Operation, failure.Errno));
        Assert.Equal(
            Errno.EINVAL,
            Assert.Throws<VfioException>(() => _device.DangerousGetFeature(DeviceFeature.LowPowerExit, [])).Errno);
    }

    [Fact]
    public void A_device_without_power_management_is_always_on()
    {
        Assert.Null(_device.GetPowerState());
        Assert.Throws<NotSupportedException>(() => _device.SetPowerState(PciPowerState.D3Hot));
    }

    [Fact]
    public void Regions_and_atomic_operations_are_reported_correctly()
    {
        RegionInfo bar0 = _device.GetRegionInfo(RegionIndex.Bar0);
        Assert.Equal((null, false), (bar0.Type, bar0.IsMsixMappable));
        Assert.Equal((9, AtomicCompletions.None), (_device.RegionCount, _device.AtomicCompletions));
    }

    [Fact]
    public void A_signal_writes_a_register_until_that_is_ended()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        using EventFd counter = new();
        using IDisposable write = bar0.WriteOnEvent<uint>(counter.Handle, Liveness, 0x12345678);
        counter.Signal();
        WaitFor(bar0, 0x12345678);
        bar0.WriteUInt32(Liveness, 1);
        counter.Signal(7);
        WaitFor(bar0, 0x12345678);
        bar0.WriteUInt32(Liveness, 2);
        write.Dispose();
        counter.Signal();
        Thread.Sleep(Moment);
        Assert.Equal(~2u, bar0.ReadUInt32(Liveness));
        // A second one with the same values is a separate one.
        using IDisposable again = bar0.WriteOnEvent<uint>(counter.Handle, Liveness, 0x12345678);
        counter.Signal();
        WaitFor(bar0, 0x12345678);
    }

    [Fact]
    public void One_signal_may_write_several_registers()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        using EventFd counter = new();
        using IDisposable liveness = bar0.WriteOnEvent<uint>(counter.Handle, Liveness, 0x55);
        using IDisposable length = bar0.WriteOnEvent<uint>(counter.Handle, 0x90, 0x66);
        counter.Signal();
        WaitFor(bar0, 0x55);
        Assert.True(SpinWait.SpinUntil(() => bar0.ReadUInt32(0x90) == 0x66, Patience));
    }

    [Fact]
    public void Events_of_several_counters_end_with_the_region()
    {
        Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        using Region other = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        using EventFd counter = new();
        using EventFd second = new();
        _ = bar0.WriteOnEvent<uint>(counter.Handle, Liveness, 0x11);
        _ = bar0.WriteOnEvent<uint>(second.Handle, Liveness, 0x22);
        counter.Signal();
        WaitFor(other, 0x11);
        second.Signal();
        WaitFor(other, 0x22);
        bar0.Dispose();
        counter.Signal();
        Thread.Sleep(Moment);
        Assert.Equal(~0x22u, other.ReadUInt32(Liveness));
    }

    [Fact]
    public void A_device_that_does_not_decode_is_not_written_by_a_signal()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        using EventFd counter = new();
        using IDisposable write = bar0.WriteOnEvent<uint>(counter.Handle, Liveness, 0x12345678);
        bar0.WriteUInt32(Liveness, 3);
        ushort command = config.ReadUInt16(Command);
        config.WriteUInt16(Command, (ushort)(command & ~2));
        counter.Signal();
        Thread.Sleep(Moment);
        config.WriteUInt16(Command, command);
        Assert.Equal(~3u, bar0.ReadUInt32(Liveness));
        counter.Signal();
        WaitFor(bar0, 0x12345678);
    }

    [Fact]
    public void Writes_that_the_kernel_does_not_make_are_refused()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        using EventFd counter = new();
        Assert.Equal(
            Errno.EINVAL,
            Assert.Throws<VfioException>(() => config.WriteOnEvent<uint>(counter.Handle, Command, 0)).Errno);
        using IDisposable write = bar0.WriteOnEvent<uint>(counter.Handle, Liveness, 5);
        VfioException twice = Assert.Throws<VfioException>(() => bar0.WriteOnEvent<uint>(counter.Handle, Liveness, 5));
        Assert.Equal(("VFIO_DEVICE_IOEVENTFD", Errno.EEXIST), (twice.Operation, twice.Errno));
        // Another value or another width makes it a different write.
        using IDisposable otherValue = bar0.WriteOnEvent<uint>(counter.Handle, Liveness, 6);
        using IDisposable otherWidth = bar0.WriteOnEvent<ushort>(counter.Handle, Liveness, 5);
        Assert.ThrowsAny<ArgumentException>(() => bar0.WriteOnEvent<uint>(counter.Handle, 0x100000, 5));
    }

    [Fact]
    public void A_reset_of_its_bus_affects_only_it_and_it_answers_afterwards()
    {
        using Region bar0 = _device.OpenRegion(RegionIndex.Bar0);
        using Region config = _device.OpenRegion(RegionIndex.Config);
        HotResetPlan plan = _device.PlanHotReset();
        HotResetDevice only = Assert.Single(plan.Devices);
        Assert.Equal((_device.Address, true, "this program"), (only.Address, only.IsOwned, only.DescribeOwner()));
        Assert.True(plan.IsAllowed, string.Join('\n', plan.Refusals));
        ushort command = config.ReadUInt16(Command);
        config.WriteUInt16(Command, (ushort)(command | 0x400));
        bar0.WriteUInt32(0x60, 1);
        Assert.Equal(8, config.ReadUInt16(6) & 8);
        plan.Execute();
        Assert.Equal(0, config.ReadUInt16(6) & 8);
        Assert.Equal((ushort)(command | 0x400), config.ReadUInt16(Command));
        Assert.Equal(0x010000edu, bar0.ReadUInt32(0));
        // The plan is valid as long as the device is open.
        plan.Execute();
        _device.Dispose();
        Assert.Throws<ObjectDisposedException>(plan.Execute);
    }

    private static void WaitFor(Region bar0, uint value) => Assert.True(
        SpinWait.SpinUntil(() => bar0.ReadUInt32(Liveness) == ~value, Patience), $"0x{~bar0.ReadUInt32(Liveness):x}");
}
