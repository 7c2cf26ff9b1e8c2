namespace Vfio.Conformance.Tests;

// Waits without a thread, and how waits end.
public abstract partial class InterruptContract
{
    [Fact]
    public async Task A_wait_is_awaited()
    {
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        for (uint round = 1; round <= 10; round++)
        {
            ValueTask<ulong> wait = msi.WaitAsync(TestContext.Current.CancellationToken);
            Assert.False(wait.IsCompleted);
            _bar0.WriteUInt32(Raise, 1);
            Assert.Equal(1u, await wait);
        }

        msi.Trigger();
        msi.Trigger();
        ValueTask<ulong> both = msi.WaitAsync(TestContext.Current.CancellationToken);
        Assert.True(both.IsCompletedSuccessfully);
        Assert.Equal(2u, await both);
    }

    [Fact]
    public async Task A_cancelled_wait_loses_no_signal()
    {
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        using CancellationTokenSource cancelled = new();
        ValueTask<ulong> wait = msi.WaitAsync(cancelled.Token);
        await cancelled.CancelAsync();
        OperationCanceledException end = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await wait);
        Assert.Equal(cancelled.Token, end.CancellationToken);
        msi.Trigger();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await msi.WaitAsync(cancelled.Token));
        Assert.Equal(1u, await msi.WaitAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task One_such_wait_at_a_time()
    {
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        ValueTask<ulong> wait = msi.WaitAsync(TestContext.Current.CancellationToken);
        InvalidOperationException refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await msi.WaitAsync(CancellationToken.None));
        Assert.Contains("another is pending", refusal.Message, StringComparison.Ordinal);
        msi.Trigger();
        Assert.Equal(1u, await wait);
        Assert.Throws<InvalidOperationException>(() => wait.GetAwaiter().GetResult()); // a second look
    }

    [Fact]
    public async Task Disposal_of_the_vector_ends_its_waits()
    {
        InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        ValueTask<ulong> wait = msi.WaitAsync(TestContext.Current.CancellationToken);
        Task<ulong>[] sleepers = [Sleep(msi), Sleep(msi)];
        msi.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await wait);
        foreach (Task<ulong> sleeper in sleepers)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => sleeper);
        }

        Assert.Throws<ObjectDisposedException>(() => msi.ReadAndClear());
        Assert.Throws<ObjectDisposedException>(() => msi.Wait(TimeSpan.Zero));
        Assert.Throws<ObjectDisposedException>(msi.Trigger);
        Assert.Throws<ObjectDisposedException>(() => msi.EventFd);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await msi.WaitAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Disposal_of_the_device_ends_all_waits()
    {
        InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        InterruptVector request = _interrupts.Enable(IrqIndex.Request);
        Task<ulong> sleeper = Sleep(request);
        ValueTask<ulong> wait = msi.WaitAsync(TestContext.Current.CancellationToken);
        _device.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await wait);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => sleeper);
        Assert.Throws<ObjectDisposedException>(() => _interrupts.Enable(IrqIndex.Msi));
    }

    [Fact]
    public async Task Continuations_run_on_the_loops_thread_only_if_requested()
    {
        using InterruptLoop loop = new("the test's loop");
        using InterruptVector request = _interrupts.Enable(
            IrqIndex.Request, options: new InterruptOptions { Loop = loop, RunContinuationsInline = true });
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi, options: new InterruptOptions { Loop = loop });
        Assert.Equal("the test's loop, 1 signal", await NameOfThreadAfter(request));
        string? other = await NameOfThreadAfter(msi);
        Assert.EndsWith(", 1 signal", other, StringComparison.Ordinal);
        Assert.NotEqual("the test's loop, 1 signal", other);
    }

    [Fact]
    public async Task A_loop_that_ends_ends_the_waits()
    {
        InterruptLoop loop = new();
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi, options: new InterruptOptions { Loop = loop });
        ValueTask<ulong> wait = msi.WaitAsync(TestContext.Current.CancellationToken);
        loop.Dispose();
        loop.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await wait);
        msi.Trigger();
        Assert.Equal(1u, msi.Wait(Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await msi.WaitAsync(CancellationToken.None));
    }

    private static Task<ulong> Sleep(InterruptVector vector)
    {
        TaskCompletionSource<ulong> result = new();
        using ManualResetEventSlim started = new();
        Thread sleeper = new(() =>
        {
            started.Set();
            try
            {
                result.SetResult(vector.Wait(Timeout.InfiniteTimeSpan));
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        sleeper.Start();
        started.Wait();
        // As far as can be seen from here, the thread is asleep in the kernel.
        SpinWait.SpinUntil(() => sleeper.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Moment);
        return result.Task;
    }

    // The call returns when the continuation of the wait is registered, and only then does the signal arrive. After a
    // wait that is already over, the continuation would run right here.
    private static Task<string?> NameOfThreadAfter(InterruptVector vector)
    {
        Task<string?> name = Follow(vector.WaitAsync(CancellationToken.None));
        vector.Trigger();
        return name.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private static async Task<string?> Follow(ValueTask<ulong> wait)
    {
        ulong signals = await wait.ConfigureAwait(false);
        return $"{Thread.CurrentThread.Name}, {signals} signal";
    }
}
