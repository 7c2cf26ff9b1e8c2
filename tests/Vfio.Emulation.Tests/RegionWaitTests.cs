using Vfio.Pci;

// The waits end by the model's clock, and one test is about the token.
#pragma warning disable xUnit1051

namespace Vfio.Emulation.Tests;

public sealed class RegionWaitTests : IDisposable
{
    private static readonly Register<RawUInt32> Status = new(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly ModelClock _clock = new();
    private readonly SlowModel _model;
    private readonly VfioDevice _device;
    private readonly Region _registers;

    public RegionWaitTests()
    {
        _model = new SlowModel(_clock);
        _device = _model.Open();
        _registers = _device.OpenRegion(RegionIndex.Bar0);
    }

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void A_value_that_is_there_takes_no_time()
    {
        Assert.Equal(0u, _registers.WaitFor(Status, new RawUInt32(1), new RawUInt32(0), TimeSpan.Zero).Raw);
        Assert.Equal(0u, _registers.WaitFor(4, 1u, 0u, TimeSpan.Zero));
        Assert.Equal(TimeSpan.Zero, _clock.Elapsed);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(20)]
    [InlineData(4999)]
    public void A_wait_lets_the_time_of_the_device_pass(double milliseconds)
    {
        TimeSpan time = TimeSpan.FromMilliseconds(milliseconds);
        _model.Start(time);
        Assert.Equal(0xf1u, _registers.WaitFor(Status, value => value.Raw == 0xf1, Patience).Raw);
        Assert.InRange(_clock.Elapsed, time, (2 * time) + TimeSpan.FromMilliseconds(1));
        _model.Start(time);
        Assert.Equal(0xf1u, _registers.WaitFor(4, 0x0fu, 1u, Patience));
        _model.Start(time);
        Assert.Equal((ushort)0xf1, _registers.WaitFor<ushort>(4, value => value != 0, Patience));
    }

    [Fact]
    public void A_wait_in_vain_says_what_was_there()
    {
        _registers.WriteUInt32(4, 0x20);
        TimeoutException masked = Assert.Throws<TimeoutException>(
            () => _registers.WaitFor(Status, new RawUInt32(3), new RawUInt32(1), TimeSpan.FromMilliseconds(10)));
        Assert.Equal(
            "BAR0+0x4 of slow is 0x00000020 after 10 ms; 0x1 was expected in the bits 0x3", masked.Message);
        Assert.Equal(TimeSpan.FromMilliseconds(10), _clock.Elapsed);
        TimeoutException asked = Assert.Throws<TimeoutException>(
            () => _registers.WaitFor(Status, value => value.Raw == 1, TimeSpan.Zero));
        Assert.Equal("BAR0+0x4 of slow is 0x00000020 after 0 ms; another value was expected", asked.Message);
    }

    [Fact]
    public void A_device_that_is_gone_is_not_a_value()
    {
        _model.Start(TimeSpan.FromMilliseconds(5));
        _model.Faults.RemoveAfter(3);
        VfioException gone = Assert.Throws<VfioException>(() => _registers.WaitFor(4, 1u << 31, 1u << 31, Patience));
        Assert.Contains("removed", gone.Message, StringComparison.Ordinal);
        Assert.Throws<VfioException>(() => _registers.WaitFor(Status, value => value.Raw != 0, Patience));
    }

    [Fact]
    public void All_ones_of_a_device_that_is_there_are_a_value()
    {
        _registers.WriteUInt32(4, uint.MaxValue);
        Assert.Equal(uint.MaxValue, _registers.WaitFor(4, uint.MaxValue, uint.MaxValue, Patience));
    }

    [Fact]
    public void A_device_that_does_not_answer_ends_the_wait()
    {
        _model.Faults.StopAnswering(RegionIndex.Bar0);
        Assert.Throws<VfioException>(() => _registers.WaitFor(4, 1u, 1u, Patience));
    }

    [Fact]
    public void What_makes_no_sense_is_refused_at_once()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _registers.WaitFor(4, 1u, 1u, TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _registers.WaitFor(4096, 1u, 1u, Patience));
        Assert.Throws<ArgumentException>(() => _registers.WaitFor(2, 1u, 1u, Patience));
        ArgumentException never = Assert.Throws<ArgumentException>(() => _registers.WaitFor(4, 1u, 2u, Patience));
        Assert.Contains("outside the mask", never.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(
            () => _registers.WaitFor(Status, new RawUInt32(0), new RawUInt32(4), Patience));
        _registers.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _registers.WaitFor(4, 1u, 1u, Patience));
    }

    [Fact]
    public async Task An_asynchronous_wait_ends_when_the_clock_is_advanced()
    {
        _model.Start(TimeSpan.FromMilliseconds(20));
        ValueTask<RawUInt32> wait = _registers.WaitForAsync(Status, value => value.Raw == 0xf1, Patience);
        ValueTask<uint> other = _registers.WaitForAsync(4, 0xffu, 0xf1u, Patience);
        ValueTask<uint> third = _registers.WaitForAsync<uint>(4, value => value == 0xf1, Patience);
        Assert.False(wait.IsCompleted);
        await AdvanceUntil(() => wait.IsCompleted && other.IsCompleted && third.IsCompleted);
        Assert.Equal((0xf1u, 0xf1u, 0xf1u), ((await wait).Raw, await other, await third));
        ValueTask<RawUInt32> vain = _registers.WaitForAsync(
            Status, new RawUInt32(1), new RawUInt32(0), TimeSpan.FromMilliseconds(3));
        await AdvanceUntil(() => vain.IsCompleted);
        await Assert.ThrowsAsync<TimeoutException>(async () => await vain);
    }

    [Fact]
    public async Task A_wait_for_memory_lets_the_time_of_the_device_pass_too()
    {
        using DmaBuffer memory = _device.AddressSpace.Allocate(4096);
        _device.SetBusMaster(true);
        _model.Start(TimeSpan.FromMilliseconds(20), memory.Iova);
        _device.WaitFor(() => memory.Read<byte>(0) == 0xf1, Patience);
        Assert.InRange(_clock.Elapsed, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(41));
        TimeoutException vain = Assert.Throws<TimeoutException>(
            () => _device.WaitFor(() => false, TimeSpan.FromMilliseconds(10)));
        Assert.Equal("slow has not done in 10 ms what was waited for", vain.Message);
        memory.Write(0, 0);
        _model.Start(TimeSpan.FromMilliseconds(20), memory.Iova);
        ValueTask wait = _device.WaitForAsync(() => memory.Read<byte>(0) == 0xf1, Patience);
        Assert.False(wait.IsCompleted);
        await AdvanceUntil(() => wait.IsCompleted);
        await wait;
        Assert.Throws<ArgumentOutOfRangeException>(() => _device.WaitFor(() => true, TimeSpan.FromSeconds(-1)));
        _model.Faults.Remove();
        Assert.Throws<VfioException>(() => _device.WaitFor(() => false, Timeout.InfiniteTimeSpan));
        _device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _device.WaitFor(() => true, Patience));
    }

    [Fact]
    public async Task A_wait_can_be_cancelled()
    {
        using CancellationTokenSource source = new();
        ValueTask<uint> wait = _registers.WaitForAsync(4, 1u, 1u, Timeout.InfiniteTimeSpan, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await wait);
        Assert.ThrowsAny<OperationCanceledException>(
            () => _registers.WaitFor(4, 1u, 1u, Timeout.InfiniteTimeSpan, source.Token));
    }

    [Fact]
    public void Without_a_clock_of_its_own_the_device_has_the_hosts_time()
    {
        using SlowModel model = new(clock: null);
        using VfioDevice device = model.Open();
        using Region registers = device.OpenRegion(RegionIndex.Bar0);
        model.Start(TimeSpan.FromMilliseconds(20));
        Assert.Equal(0xf1u, registers.WaitFor(4, 1u, 1u, TimeSpan.FromMinutes(5)));
        Assert.Throws<TimeoutException>(() => registers.WaitFor(4, 1u, 0u, TimeSpan.FromMilliseconds(2)));
    }

    [Fact]
    public void A_wait_with_a_mask_allocates_nothing()
    {
        Work(_registers, 100);
        Assert.Equal(0, Vfio.Tests.Allocation.Of(() => Work(_registers, 10_000)));
    }

    private static void Work(Region registers, int count)
    {
        for (int i = 0; i < count; i++)
        {
            registers.WaitFor(Status, new RawUInt32(1), new RawUInt32(0), Patience);
            registers.WaitFor(Status, static value => value.Raw == 0, Patience);
        }
    }

    private async Task AdvanceUntil(Func<bool> condition)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 100_000, "the wait does not end");
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }
    }

    /// <summary>Needs a time to set a register to F1h.</summary>
    private sealed class SlowModel : DeviceModel
    {
        private readonly ModelTimer _timer;
        private ulong _status;
        private Iova? _target;

        public SlowModel(TimeProvider? clock)
            : base("slow", new PciIdentity(0x1234, 0x0003), clock)
        {
            AddBar(RegionIndex.Bar0, 4096, (offset, _) => offset == 4 ? _status : 0, (_, _, value) => _status = value);
            _timer = CreateTimer(() =>
            {
                _status = 0xf1;
                if (_target is Iova target)
                {
                    Assert.Equal(DmaResult.Completed, Memory.TryWrite(target.Value, [0xf1]));
                }
            });
        }

        public void Start(TimeSpan time, Iova? target = null) => Run(() =>
        {
            _status = 0;
            _target = target;
            _timer.Start(time);
        });
    }
}
