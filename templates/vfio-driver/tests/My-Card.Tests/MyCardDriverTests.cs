using Vfio;
using Vfio.Emulation;
using Vfio.Pci;
using Xunit;

namespace My.Card.Tests;

/// <summary>Tests the driver on the model of its device: no hardware, no root, no waiting.</summary>
public sealed class MyCardDriverTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly MyCardModel _model = new();
    private readonly VfioDevice _device;

    public MyCardDriverTests() => _device = _model.Open();

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void It_reads_what_the_device_is()
    {
        using MyCardDriver driver = new(_device);
        Assert.Equal((1, 0), (driver.Identification.MajorVersion, driver.Identification.MinorVersion));
    }

    [Fact]
    public void A_device_with_another_id_is_refused()
    {
        _model.Faults.ReturnWrongValue(RegionIndex.Config, offset: 2, value: 0xbeef);
        NotSupportedException refusal = Assert.Throws<NotSupportedException>(() => new MyCardDriver(_device));
        Assert.Contains(":beef", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_with_the_id_that_is_another_all_the_same_is_refused()
    {
        _model.Faults.ReturnWrongValue(RegionIndex.Bar0, offset: 0x00, value: 0x0100_00ee);
        Assert.Throws<NotSupportedException>(() => new MyCardDriver(_device));
    }

    [Fact]
    public void A_device_that_answers_is_alive()
    {
        using MyCardDriver driver = new(_device);
        Assert.True(driver.IsAlive());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 120)]
    [InlineData(12, 479_001_600)]
    public void It_computes(uint number, uint factorial)
    {
        using MyCardDriver driver = new(_device);
        Assert.Equal(factorial, driver.ComputeFactorial(number, Second));
    }

    [Fact]
    public void It_waits_until_the_factorial_is_there()
    {
        using MyCardDriver driver = new(_device);
        _model.Faults.ReturnWrongValue(RegionIndex.Bar0, offset: 0x20, value: 1, times: 3); // "computing", three times
        Assert.Equal(24u, driver.ComputeFactorial(4, TimeSpan.MaxValue));
        using Region registers = _device.OpenRegion(RegionIndex.Bar0);
        Assert.False(registers.Read(MyCardRegisters.Status).IsComputing); // the driver has read all three
    }

    [Fact]
    public void It_does_not_wait_for_ever()
    {
        // The driver's wait advances the model's clock, so the test takes no time.
        ModelClock clock = new();
        using MyCardModel slow = new(clock) { ComputeTime = 2 * Second };
        using VfioDevice device = slow.Open();
        using MyCardDriver driver = new(device);
        Assert.Throws<TimeoutException>(() => driver.ComputeFactorial(4, patience: Second));
        Assert.Equal(Second, clock.Elapsed);
    }

    [Fact]
    public void It_notices_that_the_device_was_pulled_out()
    {
        using MyCardDriver driver = new(_device);
        _model.Faults.RemoveAfter(2); // the number is still written, but the status reads as all ones
        Assert.Throws<VfioException>(() => driver.ComputeFactorial(5, Second));
    }

    [Fact]
    public void It_goes_on_when_the_device_answers_again()
    {
        using MyCardDriver driver = new(_device);
        _model.Faults.StopAnswering(RegionIndex.Bar0, times: 1);
        Assert.Throws<VfioException>(() => driver.IsAlive());
        Assert.True(driver.IsAlive());
    }

    [Fact]
    public async Task The_host_can_ask_for_the_device()
    {
        using MyCardDriver driver = new(_device);
        ValueTask<ulong> request = driver.WaitForReleaseRequestAsync(TestContext.Current.CancellationToken);
        Assert.False(request.IsCompleted);
        _model.Faults.RequestRelease();
        Assert.Equal(1ul, await request);
    }

    [Fact]
    public void Registers_have_names()
    {
        Assert.StartsWith(
            "ID        0x010000ed  MAGIC 0xed", _device.Dump(MyCardRegisters.Map), StringComparison.Ordinal);
        Assert.Equal(MyCardRegisters.Status.Offset, MyCardRegisters.Map.Find("status")?.Offset);
    }
}
