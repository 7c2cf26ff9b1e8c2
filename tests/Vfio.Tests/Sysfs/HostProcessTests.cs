using System.Diagnostics;
using Vfio.Host;

namespace Vfio.Tests;

public sealed class HostProcessTests
{
    [Fact]
    public void A_process_is_found_signalled_and_waited_for()
    {
        using Process sleep = Process.Start("sleep", "600");
        using HostProcess process = HostProcess.Find(sleep.Id)!;
        Assert.Equal(sleep.Id, process.Id);
        Assert.Equal(HostUser.CurrentId, process.UserId);
        Assert.False(process.HasEnded);
        Assert.False(process.WaitForEnd(TimeSpan.Zero, TestContext.Current.CancellationToken));
        Assert.False(process.WaitForEnd(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => process.WaitForEnd(TimeSpan.FromSeconds(-1), TestContext.Current.CancellationToken));
        Assert.True(process.Signal(15));
        Assert.True(process.WaitForEnd(Eventually.Limit, TestContext.Current.CancellationToken));
        process.WaitForEnd();
        Assert.True(process.HasEnded);
        Assert.Null(process.UserId);
        Assert.True(sleep.WaitForExit(Eventually.Limit));
        Assert.Equal(128 + 15, sleep.ExitCode);
        Assert.False(process.Signal(15));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void There_is_no_such_process(int id) => Assert.Null(HostProcess.Find(id));

    [Fact]
    public void Users_are_found_by_number()
    {
        Assert.Equal(new HostUser { Id = 0, Name = "root", Home = "/root" }, HostUser.Find(0));
        Assert.Null(HostUser.Find(4_000_000_000));
    }
}
