namespace Vfio.Tests;

public sealed class EventFdTests
{
    [Fact]
    public void It_counts_until_it_is_read()
    {
        using EventFd counter = new();
        Assert.Equal(0ul, counter.ReadAndClear());
        counter.Signal();
        counter.Signal(41);
        Assert.Equal(42ul, counter.ReadAndClear());
        Assert.Equal(0ul, counter.Wait(TimeSpan.Zero));
        Assert.Equal(0ul, counter.Wait(TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public void A_wait_ends_with_a_signal()
    {
        using EventFd counter = new();
        Thread signaller = new(() =>
        {
            Thread.Sleep(20);
            counter.Signal(3);
        });
        signaller.Start();
        Assert.Equal(3ul, counter.Wait(Timeout.InfiniteTimeSpan));
        signaller.Join();
    }

    [Fact]
    public void What_it_cannot_count_or_wait_is_refused()
    {
        EventFd counter = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => counter.Signal(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => counter.Signal(ulong.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => counter.Wait(TimeSpan.FromSeconds(-1)));
        counter.Signal(ulong.MaxValue - 1);
        counter.Signal();
        Assert.Equal(ulong.MaxValue - 1, counter.ReadAndClear());
        counter.Dispose();
        counter.Dispose();
        Assert.Throws<ObjectDisposedException>(() => counter.Signal());
        Assert.Throws<ObjectDisposedException>(() => counter.ReadAndClear());
        Assert.Throws<ObjectDisposedException>(() => counter.Wait(TimeSpan.Zero));
    }
}
