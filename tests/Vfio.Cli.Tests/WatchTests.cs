namespace Vfio.Cli.Tests;

public sealed class WatchTests : RegisterCommandTest
{
    private int _reads;

    [Fact]
    public void Each_change_is_a_line() => Approved.Matches("watch", RunForEveryReader(
        () => ChangeStatus(0x80281, 0x80281, 0x80283, 0x80203, 0xf0f_0203),
        "watch",
        "00:14.3",
        "STATUS",
        "--interval",
        "1",
        "-n",
        "3"));

    [Fact]
    public void Several_places_are_watched_and_named()
    {
        ChangeStatus(0x80281, 0x80283);
        Result result = Run("watch", "00:14.3", "bar0+0x10", "STATUS", "--interval", "1", "-n", "1").Succeeded();
        Assert.Equal(
            "20:27:01.000 SCRATCH 0x12345678\n20:27:01.000 STATUS 0x00080281\n"
            + "20:27:01.000 STATUS 0x00080281 -> 0x00080283  LU=0->1\n",
            result.Output);
    }

    [Fact]
    public void Json_has_one_line_per_event()
    {
        ChangeStatus(0x80281, 0x80283);
        Approved.Matches(
            "watch-json", Run("watch", "00:14.3", "STATUS", "--interval", "1", "-n", "1", "--json").Succeeded().Output);
    }

    [Fact]
    public void Asked_to_stop_it_ends_well_with_the_device_closed()
    {
        using CancellationTokenSource stop = new();
        Device.Reading = (_, _) =>
        {
            if (++_reads == 5)
            {
                stop.Cancel();
            }
        };
        Result result = Run(
            Tool.Narrow, host => host with { Stop = stop.Token }, "watch", "00:14.3", "STATUS", "--interval", "1")
            .Succeeded();
        Assert.Equal("20:27:01.000 STATUS 0x00080281\n", result.Output);
        Assert.Equal(5, _reads);
        Assert.True(Device.IsDisposed);
    }

    [Fact]
    public void A_device_that_goes_away_is_an_error()
    {
        Device.Reading = (_, _) => FailIf(++_reads >= 3);
        Run("watch", "00:14.3", "STATUS", "--interval", "1")
            .FailedWith(1, "pread on BAR0 of 0000:00:14.3: EIO", "dmesg");
        Assert.True(Device.IsDisposed);
    }

    [Theory]
    [InlineData(2, "'0' is not an interval", "vfio watch --help", "watch", "00:14.3", "STATUS", "--interval", "0")]
    [InlineData(2, "PLACE", "vfio watch --help", "watch", "00:14.3")]
    [InlineData(1, "bar0+0x100 is out of range", "bar0+0xfc", "watch", "00:14.3", "STATUS", "bar0+0x100")]
    public void Wrong_usage_reads_nothing(int code, string message, string hint, params string[] arguments)
    {
        Run(arguments).FailedWith(code, message, hint);
        Assert.Empty(Device.Accesses);
    }

    private void ChangeStatus(params uint[] values)
    {
        _reads = 0;
        Device.Reading = (_, offset) =>
        {
            if (offset == Status)
            {
                Set(Status, values[Math.Min(_reads++, values.Length - 1)]);
            }
        };
    }
}
