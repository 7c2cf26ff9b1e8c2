// A PCI device in software, its driver and the driver's tests, in three files: a first look at Vfio.Emulation.
//
//   dotnet run --project samples/MyFirstDevice
using Vfio;
using Vfio.Emulation;
using Xunit;

namespace MyFirstDevice;

/// <summary>
/// Tests the driver on the device model: no hardware, no root, and no waiting, because the test advances the time.
/// </summary>
public sealed class EggTimerTests
{
    [Fact]
    public void An_egg_takes_three_minutes()
    {
        ModelClock clock = new();
        using EggTimerModel model = new(clock);
        using VfioDevice device = model.Open();
        using EggTimer timer = new(device);
        timer.Start(TimeSpan.FromMinutes(3));
        clock.Advance(TimeSpan.FromSeconds(179));
        Assert.False(timer.IsRinging());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(timer.IsRinging());
    }

    [Fact]
    public void A_timer_that_is_pulled_out_is_noticed()
    {
        using EggTimerModel model = new(new ModelClock());
        using VfioDevice device = model.Open();
        using EggTimer timer = new(device);
        model.Faults.Remove();
        Assert.Throws<IOException>(() => timer.IsRinging());
    }
}
