using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class ThreadTests
{
    [Fact]
    public void Handlers_run_one_at_a_time_whatever_the_drivers_threads_do()
    {
        using TestModel model = new();
        using VfioDevice device = model.Open();
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
        {
            using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
            for (int i = 0; i < 5_000; i++)
            {
                bar0.WriteUInt32(8, (uint)i);
                _ = bar0.ReadUInt32(8);
                model.RunInside(() => model.Ticks++);
            }
        });
        Assert.Equal((1, 0, 40_000), (model.MostHandlersInside, model.HandlersInside, model.Ticks));
    }

    [Fact]
    public void Closing_resetting_and_removing_race_with_accesses_and_end_in_known_answers()
    {
        for (int round = 0; round < 50; round++)
        {
            using TestModel model = new();
            VfioDevice device = model.Open();
            Region bar0 = device.OpenRegion(RegionIndex.Bar0);
            Region memory = device.OpenRegion(RegionIndex.Bar4);
            using Barrier start = new(3);
            Exception? first = null;
            Exception? second = null;
            Thread reader = new(() => first = Hammer(start, bar0));
            Thread mapper = new(() => second = Hammer(start, memory));
            reader.Start();
            mapper.Start();
            start.SignalAndWait(TestContext.Current.CancellationToken);
            device.Reset();
            if (round % 2 == 0)
            {
                model.Faults.Remove();
            }

            device.Dispose();
            reader.Join();
            mapper.Join();
            Assert.IsType<ObjectDisposedException>(first);
            Assert.IsType<ObjectDisposedException>(second);
        }
    }

    private static Exception? Hammer(Barrier start, Region region)
    {
        start.SignalAndWait();
        try
        {
            while (true)
            {
                uint value = region.ReadUInt32(8);
                Assert.True(value is 0 or 5 or uint.MaxValue, $"0x{value:x}");
                region.WriteUInt32(8, 5);
            }
        }
        catch (Exception end)
        {
            return end;
        }
    }
}
