namespace Vfio.Emulation.Tests;

/// <summary>Waits, vectors and loops that end at inconvenient moments.</summary>
public sealed class InterruptLoopTests
{
    private static readonly TimeSpan Patience = Vfio.Tests.Eventually.Limit;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_loop_that_ends_just_after_an_interrupt_leaves_no_thread_and_no_descriptor(bool isInline)
    {
        using TestModel model = new();
        using VfioDevice device = model.Open();
        await Round(device, isInline);
        (int threads, int descriptors) = Count();
        for (int round = 0; round < 100; round++)
        {
            await Round(device, isInline);
        }

        // The number of the runtime's own threads and descriptors varies; a hundred more would be those of the loops.
        Assert.True(
            SpinWait.SpinUntil(
                () => Count() is var (now, open) && now < threads + 20 && open < descriptors + 20, Patience),
            $"{threads} threads and {descriptors} descriptors before, {Count()} after");
    }

    [Fact]
    public async Task A_loop_that_is_ended_by_a_continuation_of_its_own_leaves_no_descriptor()
    {
        using TestModel model = new();
        using VfioDevice device = model.Open();
        int before = Count().Descriptors;
        for (int round = 0; round < 100; round++)
        {
            using InterruptLoop loop = new();
            using InterruptVector vector = device.Interrupts.Enable(
                IrqIndex.Msix, 0, new InterruptOptions { Loop = loop, RunContinuationsInline = true });
            Task ended = EndFromWithin(vector, loop);
            vector.Trigger();
            await ended.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }

        Assert.True(
            SpinWait.SpinUntil(() => Count().Descriptors < before + 20, Patience),
            $"{before} descriptors before, {Count().Descriptors} after");
    }

    [Fact]
    public async Task A_wait_that_spins_ends_at_the_timeout()
    {
        using TestModel model = new();
        using VfioDevice device = model.Open();
        using InterruptVector vector = device.Interrupts.Enable(IrqIndex.Msix);
        Task<ulong> wait = Task.Run(() => vector.Wait(TimeSpan.FromMilliseconds(10), Timeout.InfiniteTimeSpan));
        Assert.Equal(0ul, await wait.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_model_that_fails_when_a_vector_is_disposed_leaves_no_thread_waiting()
    {
        using TestModel model = new();
        using VfioDevice device = model.Open();
        InterruptVector vector = device.Interrupts.Enable(IrqIndex.Msix);
        Task wait = Task.Run(() => Assert.Throws<ObjectDisposedException>(() => vector.Wait(Timeout.InfiniteTimeSpan)));
        model.Report(new InvalidOperationException("the model's bug"));
        Assert.ThrowsAny<InvalidOperationException>(vector.Dispose);
        await wait.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private static async Task Round(VfioDevice device, bool isInline)
    {
        InterruptLoop loop = new();
        using InterruptVector vector = device.Interrupts.Enable(
            IrqIndex.Msix, 0, new InterruptOptions { Loop = loop, RunContinuationsInline = isInline });
        Task<ulong> wait = vector.WaitAsync().AsTask();
        vector.Trigger();
        loop.Dispose();
        // the signal or the end was delivered
        _ = await Task.WhenAny(wait).WaitAsync(Patience, TestContext.Current.CancellationToken);
        _ = wait.Exception;
    }

    private static async Task EndFromWithin(InterruptVector vector, InterruptLoop loop)
    {
        _ = await vector.WaitAsync();
        loop.Dispose();
    }

    private static (int Threads, int Descriptors) Count() =>
        (Directory.EnumerateDirectories("/proc/self/task").Count(), Directory.EnumerateFiles("/proc/self/fd").Count());
}
