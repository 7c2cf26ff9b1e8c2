using Vfio;
using Vfio.Emulation;
using Vfio.Pci;
using Xunit;

namespace DescriptorRing.Tests;

/// <summary>
/// Tests the driver on the model of its device: no hardware, no root, and no waiting, because a driver that waits
/// advances the model's clock.
/// </summary>
public sealed class CopierDriverTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ModelClock _clock = new();
    private readonly CopierModel _model;
    private readonly VfioDevice _device;
    private readonly DmaBuffer _memory;
    private readonly CopierResult[] _results = new CopierResult[16];

    public CopierDriverTests()
    {
        _model = new CopierModel(_clock);
        _device = _model.Open();
        _memory = _device.AddressSpace.Allocate(64 * 1024);
    }

    public void Dispose()
    {
        _memory.Dispose();
        _device.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void It_copies()
    {
        using CopierDriver driver = new(_device);
        _memory.Span[..100].Fill(0x5a);
        Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + 4096, 100, out int id));
        driver.Submit();
        driver.WaitForCompletion(Second);
        Assert.Equal(1, driver.Take(_results));
        Assert.Equal(new CopierResult(id, 100, CopierOutcome.Copied), _results[0]);
        Assert.Equal(100, _memory.Span.Slice(4096, 4096).Count((byte)0x5a));
    }

    [Fact]
    public void A_batch_is_one_doorbell()
    {
        using CopierDriver driver = new(_device);
        for (int i = 0; i < 10; i++)
        {
            Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + 4096, 64, out _));
        }

        driver.Submit();
        driver.Submit();
        driver.WaitForCompletion(Second);
        Assert.Equal(10, driver.Take(_results));
        Assert.Equal((1, 0), (_model.DoorbellCount, driver.PendingCount));
    }

    [Fact]
    public void It_goes_around_the_rings()
    {
        using CopierDriver driver = new(_device, entryCount: 5);
        for (byte i = 0; i < 100; i++)
        {
            _memory.Span[0] = i;
            Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + 1, 1, out int id));
            Assert.Equal(0, driver.Take(_results)); // what an earlier lap left is not taken for a completion
            driver.Submit();
            driver.WaitForCompletion(Second);
            Assert.Equal((1, id, i), (driver.Take(_results), _results[0].Id, _memory.Span[1]));
        }
    }

    [Fact]
    public void A_full_ring_takes_no_more_until_one_is_done()
    {
        using CopierDriver driver = new(_device, entryCount: 4);
        for (int i = 0; i < driver.Capacity; i++)
        {
            Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + 64, 1, out _));
        }

        Assert.False(driver.TryPost(_memory.Iova, _memory.Iova + 64, 1, out _));
        driver.Submit();
        driver.WaitForCompletion(Second);
        Assert.Equal(1, driver.Take(_results.AsSpan(0, 1)));
        Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + 64, 1, out _));
    }

    [Theory]
    [InlineData(0, 0, CopierOutcome.WrongLength)]
    [InlineData(0, 65537, CopierOutcome.WrongLength)]
    [InlineData(1L << 40, 1, CopierOutcome.WrongAddress)]
    public void A_copy_that_fails_says_why(long distance, int length, CopierOutcome outcome)
    {
        using CopierDriver driver = new(_device);
        Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + (ulong)distance, length, out int id));
        driver.Submit();
        driver.WaitForCompletion(Second);
        Assert.Equal(1, driver.Take(_results));
        Assert.Equal(new CopierResult(id, 0, outcome), _results[0]);
    }

    [Theory]
    [InlineData(1)] // not posted
    [InlineData(65535)] // outside the ring
    public void A_completion_of_what_was_not_posted_is_refused(ushort wrong)
    {
        using CopierDriver driver = new(_device);
        _model.WrongId = wrong;
        Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + 64, 1, out _));
        driver.Submit();
        driver.WaitForCompletion(Second);
        Assert.Throws<InvalidDataException>(() => driver.Take(_results));
    }

    [Fact]
    public async Task An_interrupt_ends_a_wait()
    {
        using CopierDriver driver = new(_device);
        Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + 64, 1, out _));
        driver.Submit();
        ValueTask wait = driver.WaitForCompletionAsync(TestContext.Current.CancellationToken);
        Assert.False(wait.IsCompleted);
        _clock.Advance(Second);
        await wait;
        Assert.Equal(1, driver.Take(_results));
    }

    [Fact]
    public async Task The_host_can_ask_for_the_device()
    {
        using CopierDriver driver = new(_device);
        ValueTask<ulong> request = driver.WaitForReleaseRequestAsync(TestContext.Current.CancellationToken);
        Assert.False(request.IsCompleted);
        _model.Faults.RequestRelease();
        Assert.Equal(1ul, await request);
    }

    [Fact]
    public void It_notices_that_the_device_was_pulled_out()
    {
        using CopierDriver driver = new(_device);
        Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + 64, 1, out _));
        driver.Submit();
        _model.Faults.Remove();
        Assert.Throws<VfioException>(() => driver.WaitForCompletion(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void A_device_that_does_not_start_is_given_up_and_nothing_is_left()
    {
        using CopierModel slow = new(_clock) { StartTime = TimeSpan.FromMinutes(1) };
        using VfioDevice device = slow.Open();
        Assert.Throws<TimeoutException>(() => new CopierDriver(device));
        Assert.Equal(0, device.AddressSpace.GetUsage().Mappings);
    }

    [Fact]
    public void A_device_with_another_id_is_refused()
    {
        _model.Faults.ReturnWrongValue(RegionIndex.Config, offset: 2, value: 0xbeef);
        NotSupportedException refusal = Assert.Throws<NotSupportedException>(() => new CopierDriver(_device));
        Assert.Contains(":beef", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Disposal_stops_the_device_before_its_memory_is_freed()
    {
        CopierDriver driver = new(_device);
        Assert.True(driver.TryPost(_memory.Iova, _memory.Iova + 64, 1, out _));
        driver.Submit();
        driver.Dispose();
        driver.Dispose();
        _clock.Advance(Second);
        Assert.Empty(_device.GetFaults()); // it did not go on to use memory that was gone
        Assert.Equal(1, _device.AddressSpace.GetUsage().Mappings); // the test's own
        Assert.Contains("READY-, BUSY-, FAILED-", _device.Dump(CopierRegisters.Map), StringComparison.Ordinal);
        using CopierDriver next = new(_device);
    }

    [Fact]
    public void It_allocates_nothing()
    {
        using CopierDriver driver = new(_device, entryCount: 16);
        Work(driver, 100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Work(driver, 10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void Work(CopierDriver driver, int count)
    {
        for (int i = 0; i < count; i++)
        {
            driver.TryPost(_memory.Iova, _memory.Iova + 64, 1, out _);
            driver.Submit();
            driver.WaitForCompletion(Second);
            driver.Take(_results);
        }
    }
}
