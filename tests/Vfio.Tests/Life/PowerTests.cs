using Vfio.Pci;

namespace Vfio.Tests;

public sealed class PowerTests : IDisposable
{
    private const int Capability = 0x50;

    private readonly ScriptedBackend _backend = new();
    private readonly VfioDevice _device;

    public PowerTests()
    {
        _backend.Memory.AddUnmappable(RegionIndex.Config, 0x100);
        _device = new VfioDevice(_backend, PciAddress.Parse("0000:00:14.3"));
        Poke(0x06, 0x10);
        Poke(0x34, 0x40);
        Poke(0x40, 0x05, Capability);
        Poke(Capability, 0x01, 0x00, 0x03, 0x02); // version 3, D1
    }

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
    }

    [Theory]
    [InlineData(0x00, PciPowerState.D0)]
    [InlineData(0x0b, PciPowerState.D3Hot)]
    [InlineData(0x01, PciPowerState.D1)]
    public void The_state_is_in_the_capability(byte control, PciPowerState state)
    {
        Poke(Capability + 4, control);
        Assert.Equal(state, _device.GetPowerState());
    }

    [Fact]
    public void A_state_is_written_and_nothing_else()
    {
        Poke(Capability + 4, 0x08, 0xa1); // PME signalled and enabled, a selection
        _device.SetPowerState(PciPowerState.D3Hot);
        Assert.Equal([0x0b, 0x21], _backend.Memory.Peek(RegionIndex.Config, Capability + 4, 2));
        _device.SetPowerState(PciPowerState.D0);
        Assert.Equal(PciPowerState.D0, _device.GetPowerState());
    }

    [Fact]
    public void Unsupported_states_are_refused()
    {
        _device.SetPowerState(PciPowerState.D1);
        Assert.Throws<NotSupportedException>(() => _device.SetPowerState(PciPowerState.D2));
        Assert.Throws<ArgumentOutOfRangeException>(() => _device.SetPowerState((PciPowerState)4));
        Assert.Throws<ArgumentOutOfRangeException>(() => _device.SetPowerState((PciPowerState)(-1)));
        Assert.Equal(PciPowerState.D1, _device.GetPowerState());
    }

    [Theory]
    [InlineData(0x00, 0x40, 0x05, 0x50)] // no capabilities
    [InlineData(0x10, 0x00, 0x05, 0x50)] // an empty list
    [InlineData(0x10, 0x40, 0x05, 0x40)] // a circle
    [InlineData(0x10, 0x40, 0x05, 0x10)] // into the header
    [InlineData(0x10, 0xfc, 0x05, 0x50)] // out of the chain's place
    public void Without_a_capability_that_can_be_found_it_is_always_on(byte status, byte first, byte id, byte next)
    {
        Poke(0x06, status);
        Poke(0x34, first);
        Poke(0x40, id, next);
        Assert.Null(_device.GetPowerState());
        Assert.Throws<NotSupportedException>(() => _device.SetPowerState(PciPowerState.D3Hot));
    }

    [Fact]
    public void A_capability_that_extends_beyond_the_space_is_ignored()
    {
        Poke(0x34, 0xfc);
        Poke(0xfc, 0x01, 0x00);
        Assert.Null(_device.GetPowerState());
    }

    [Fact]
    public void A_device_that_no_longer_exists_is_reported()
    {
        Poke(0x06, 0xff, 0xff);
        Assert.Throws<VfioException>(() => _device.GetPowerState());
        Poke(0x06, 0x10, 0);
        Poke(Capability + 4, 0xff, 0xff);
        Assert.Throws<VfioException>(() => _device.SetPowerState(PciPowerState.D0));
    }

    [Fact]
    public void Low_power_is_asked_of_the_kernel()
    {
        List<string> calls = [];
        _backend.Features = (name, flags, data) =>
        {
            calls.Add($"{name} {flags:x} {data.Length}");
            return 0;
        };
        using EventFd wakeUp = new();
        _device.EnterLowPower();
        _device.EnterLowPower(wakeUp);
        _device.ExitLowPower();
        uint set = VfioUapi.VFIO_DEVICE_FEATURE_SET;
        Assert.Equal(
            [
                $"VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY {set | 3:x} 0",
                $"VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP {set | 4:x} 8",
                $"VFIO_DEVICE_FEATURE_LOW_POWER_EXIT {set | 5:x} 0",
            ],
            calls);
    }

    [Theory]
    [InlineData(Errno.EINVAL, "already in low power")]
    [InlineData(Errno.ENOTTY, "6.1")]
    [InlineData(Errno.EBUSY, null)]
    public void Low_power_that_fails_says_why(int errno, string? hint)
    {
        _backend.Features = (_, _, _) => errno;
        using EventFd wakeUp = new();
        foreach (Action action in (Action[])[
            () => _device.EnterLowPower(),
            () => _device.EnterLowPower(wakeUp),
            _device.ExitLowPower,
        ])
        {
            VfioException failure = Assert.Throws<VfioException>(action);
            Assert.Equal(errno, failure.Errno);
            Assert.True(
                hint is null ? failure.Hint is null : failure.Hint!.Contains(hint, StringComparison.Ordinal),
                failure.Hint);
        }
    }

    [Fact]
    public void After_disposal_nothing_is_asked()
    {
        _device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _device.GetPowerState());
        Assert.Throws<ObjectDisposedException>(() => _device.SetPowerState(PciPowerState.D0));
        Assert.Throws<ObjectDisposedException>(() => _device.EnterLowPower());
        Assert.Throws<ObjectDisposedException>(_device.ExitLowPower);
    }

    private void Poke(int offset, params byte[] bytes) =>
        _backend.Memory.Poke(RegionIndex.Config, (ulong)offset, bytes);
}
