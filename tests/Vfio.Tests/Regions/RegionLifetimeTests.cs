using System.Globalization;
using System.Runtime.CompilerServices;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>Counts the mappings of this process, so nothing else may map memory at the same time.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed class RegionLifetimeTests
{
    private const ulong OnesEverywhere = ulong.MaxValue;
    private const ulong Value = 0x5a5a5a5a_5a5a5a5a;

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Every_access_after_disposal_throws(RegionAccess access)
    {
        using MemoryBackend backend = new();
        using VfioDevice device = Open(backend);
        Region region = device.OpenRegion(RegionIndex.Bar0, access);
        region.Dispose();
        AssertDisposed(region);
        Assert.Equal((RegionIndex.Bar0, 0x2000ul), (region.Index, region.Length));
    }

    [Fact]
    public void Every_access_after_the_devices_disposal_throws()
    {
        using MemoryBackend backend = new();
        backend.Add(RegionIndex.Bar2, 0x3000, areas: [new MappableArea(0, 0x1000), new MappableArea(0x2000, 0x1000)]);
        VfioDevice device = Open(backend);
        Region mapped = device.OpenRegion(RegionIndex.Bar0);
        Region trapped = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        Region sparse = device.OpenRegion(RegionIndex.Bar2);
        device.Dispose();
        AssertDisposed(mapped);
        AssertDisposed(trapped);
        AssertDisposed(sparse);
        AssertDisposed(sparse, 0x2000);
        Assert.Throws<ObjectDisposedException>(() => device.OpenRegion(RegionIndex.Bar0));
        Assert.Throws<ObjectDisposedException>(() => device.GetRegionInfo(RegionIndex.Bar0));
    }

    [Fact]
    public void Disposed_beats_out_of_range_and_unaligned()
    {
        using MemoryBackend backend = new();
        using VfioDevice device = Open(backend);
        Region region = device.OpenRegion(RegionIndex.Bar0);
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => region.ReadUInt32(ulong.MaxValue));
        Assert.Throws<ObjectDisposedException>(() => region.WriteUInt32(1, 0));
    }

    [Fact]
    public void Disposal_may_be_repeated()
    {
        using MemoryBackend backend = new();
        VfioDevice device = Open(backend);
        Region region = device.OpenRegion(RegionIndex.Bar0);
        region.Dispose();
        region.Dispose();
        device.Dispose();
        device.Dispose();
        region.Dispose();
        Assert.Single(backend.Log, "dispose");
    }

    [Fact]
    public void Disposing_one_region_leaves_the_others()
    {
        using MemoryBackend backend = new();
        using VfioDevice device = Open(backend);
        Region first = device.OpenRegion(RegionIndex.Bar0);
        using Region second = device.OpenRegion(RegionIndex.Bar0);
        first.Dispose();
        second.WriteUInt64(8, Value);
        Assert.Equal(Value, second.ReadUInt64(8));
        Assert.Equal(BitConverter.GetBytes(Value), backend.Peek(RegionIndex.Bar0, 8, 8));
    }

    [Fact]
    public void A_map_that_fails_halfway_unmaps_what_was_mapped()
    {
        using MemoryBackend backend = new() { FailingMap = 3 };
        backend.Add(
            RegionIndex.Bar0,
            0x6000,
            areas: [new MappableArea(0, 0x1000), new MappableArea(0x2000, 0x1000), new MappableArea(0x4000, 0x1000)]);
        using VfioDevice device = new(backend, default);
        Assert.Throws<VfioException>(() => device.OpenRegion(RegionIndex.Bar0));
        Assert.Equal(3, backend.Maps);
        Assert.Empty(Maps(backend.MemoryName));
        backend.FailingMap = 0;
        using Region region = device.OpenRegion(RegionIndex.Bar0);
        Assert.Equal(3, Maps(backend.MemoryName).Count);
    }

    [Fact]
    public void After_disposal_nothing_of_the_device_is_mapped()
    {
        using MemoryBackend backend = new();
        using VfioDevice device = Open(backend);
        Region region = device.OpenRegion(RegionIndex.Bar0);
        (ulong start, ulong end, _) = Assert.Single(Maps(backend.MemoryName));
        Assert.Equal(0x2000ul, end - start);
        region.Dispose();
        Assert.Empty(Maps(backend.MemoryName));
        Assert.True(IsKept(start), "the address range must stay reserved while code may access it");
        GC.KeepAlive(region);
    }

    [Fact]
    public void The_address_range_is_unmapped_when_nothing_refers_to_the_region()
    {
        using MemoryBackend backend = new();
        using VfioDevice device = Open(backend);
        ulong[] starts = OpenAndDispose(device, backend);
        for (int round = 0; round < 10 && starts.Any(IsKept); round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.DoesNotContain(starts, IsKept);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static ulong[] OpenAndDispose(VfioDevice device, MemoryBackend backend)
        {
            Region[] regions = [.. Enumerable.Range(0, 8).Select(_ => device.OpenRegion(RegionIndex.Bar0))];
            ulong[] starts = [.. Maps(backend.MemoryName).Select(map => map.Start)];
            Assert.NotEmpty(starts);
            Array.ForEach(regions, region => region.Dispose());
            Assert.All(starts, start => Assert.True(IsKept(start)));
            return starts;
        }
    }

    [Theory]
    [InlineData(64ul << 20)]
    [InlineData((256ul << 20) + 0x1000)]
    [InlineData(4ul << 30)]
    public void A_large_region_is_revoked_with_few_mappings(ulong length)
    {
        using MemoryBackend backend = new();
        backend.Add(RegionIndex.Bar4, length);
        using VfioDevice device = new(backend, default);
        Region region = device.OpenRegion(RegionIndex.Bar4);
        (ulong start, ulong end, _) = Assert.Single(Maps(backend.MemoryName));
        region.Dispose();
        Assert.Empty(Maps(backend.MemoryName));
        (ulong Start, ulong End, string Name)[] inside =
            [.. AllMaps().Where(map => map.Start < end && map.End > start)];
        Assert.InRange(inside.Length, 1, 300);
        Assert.All(inside, map => Assert.Contains("vfio-revoked", map.Name, StringComparison.Ordinal));
        Assert.Equal(
            length, inside.Aggregate(0ul, (sum, map) => sum + ulong.Min(map.End, end) - ulong.Max(map.Start, start)));
        GC.KeepAlive(region);
    }

    [Theory]
    [InlineData(false, RegionAccess.Mapped)]
    [InlineData(true, RegionAccess.Mapped)]
    [InlineData(true, RegionAccess.Trapped)]
    public void Threads_that_race_with_disposal_get_the_value_all_ones_or_an_exception(
        bool disposeDevice, RegionAccess access)
    {
        const int Rounds = 200;
        const int Threads = 4;
        for (int round = 0; round < Rounds; round++)
        {
            using MemoryBackend backend = new();
            backend.Add(
                RegionIndex.Bar0, 0x3000, areas: [new MappableArea(0, 0x1000), new MappableArea(0x2000, 0x1000)]);
            for (ulong offset = 0; offset < 0x3000; offset += 0x1000)
            {
                backend.Poke(RegionIndex.Bar0, offset, BitConverter.GetBytes(Value));
            }

            using VfioDevice device = new(backend, default);
            using Region region = device.OpenRegion(RegionIndex.Bar0, access);
            using Barrier start = new(Threads + 1);
            string?[] surprises = new string?[Threads];
            int[] reads = new int[Threads];
            Thread[] threads = [.. Enumerable.Range(0, Threads).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                (surprises[i], reads[i]) = Hammer(region, isWriter: i % 2 == 1);
            }))];
            Array.ForEach(threads, thread => thread.Start());
            start.SignalAndWait(TestContext.Current.CancellationToken);
            Thread.SpinWait(round * 50);
            ((IDisposable)(disposeDevice ? device : region)).Dispose();
            Array.ForEach(threads, thread => thread.Join());
            Assert.All(surprises, Assert.Null);
            AssertDisposed(region);
        }
    }

    // Runs until the region reports that it was disposed. A watchdog is not needed, because that report is what is
    // tested.
    private static (string? Surprise, int Count) Hammer(Region region, bool isWriter)
    {
        int count = 0;
        try
        {
            while (true)
            {
                ulong offset = (ulong)(count++ % 3) * 0x1000;
                if (count % 256 == 0)
                {
                    // If there are more threads than processors, the disposing thread must get its turn.
                    Thread.Yield();
                }

                if (isWriter)
                {
                    region.WriteUInt64(offset, Value);
                }
                else if (region.ReadUInt64(offset) is not (Value or OnesEverywhere) and ulong value)
                {
                    return ($"read 0x{value:x}", count);
                }
            }
        }
        catch (ObjectDisposedException)
        {
            return (null, count);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return (e.ToString(), count);
        }
    }

    private static void AssertDisposed(Region region, ulong offset = 0)
    {
        Action[] accesses =
        [
            () => region.ReadByte(offset),
            () => region.ReadUInt16(offset),
            () => region.ReadUInt32(offset),
            () => region.ReadUInt64(offset),
            () => region.WriteByte(offset, 1),
            () => region.WriteUInt16(offset, 1),
            () => region.WriteUInt32(offset, 1),
            () => region.WriteUInt64(offset, 1),
        ];
        Assert.All(accesses, access => Assert.Throws<ObjectDisposedException>(access));
    }

    private static VfioDevice Open(MemoryBackend backend)
    {
        backend.Add(RegionIndex.Bar0, 0x2000);
        return new VfioDevice(backend, PciAddress.Parse("0000:00:14.3"));
    }

    // Whether a revoked region still exists; once it does not, the runtime may map something else at the same address.
    private static bool IsKept(ulong address) =>
        AllMaps().Exists(map => address >= map.Start
            && address < map.End
            && map.Name.Contains("vfio-revoked", StringComparison.Ordinal));

    private static List<(ulong Start, ulong End, string Name)> Maps(string name) =>
        AllMaps().FindAll(map => map.Name.Contains(name, StringComparison.Ordinal));

    // proc(5): start-end permissions offset device inode name
    private static List<(ulong Start, ulong End, string Name)> AllMaps() =>
        [.. File.ReadLines("/proc/self/maps").Select(line =>
        {
            string[] fields = line.Split(' ', 6, StringSplitOptions.TrimEntries);
            string[] range = fields[0].Split('-');
            return (
                ulong.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                fields.Length == 6 ? fields[5] : "");
        })];
}
