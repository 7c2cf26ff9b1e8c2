using System.Runtime.InteropServices;

namespace Vfio.Emulation.Tests;

public sealed class DmaRingTests : IDisposable
{
    private readonly EduModel _model = new();
    private readonly VfioDevice _device;

    public DmaRingTests() => _device = _model.Open();

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    private enum Status : ushort
    {
        Done = 0x1234,
    }

    private readonly record struct Flags(uint Raw);

    [StructLayout(LayoutKind.Sequential)]
    private record struct Entry(ulong Address, uint Length, ushort Identifier, Status Status);

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private record struct Odd(uint First, ulong Second);

    [Fact]
    public void An_entry_is_written_where_the_device_finds_it()
    {
        using DmaBuffer buffer = _device.AddressSpace.Allocate(4096);
        DmaRing<Entry> ring = new(buffer, 64, 8);
        int index = 3;
        ring[index] = new Entry(0x1122334455667788, 0xaabbccdd, 0x0102, Status.Done);
        Assert.Equal(buffer.Iova.Value + 64 + (3 * 16), ring.IovaOf(index).Value);
        Assert.Equal(buffer.Iova + 64, ring.Iova);
        Assert.Equal(8, ring.Count);
        Assert.Same(buffer, ring.Memory);
        Assert.Equal(
            "8877665544332211ddccbbaa02013412", Convert.ToHexStringLower(buffer.Slice(64 + (3 * 16), 16)));
        Assert.Equal(new Entry(0x1122334455667788, 0xaabbccdd, 0x0102, Status.Done), ring[(nuint)3]);
        Assert.Equal(default, ring[2]);
        Assert.Equal(default, ring[4]);
    }

    [Fact]
    public void Fields_have_any_type_of_one_integer()
    {
        using DmaRing<Entry> ring = _device.AddressSpace.AllocateRing<Entry>(100);
        Assert.Equal(100, ring.Count);
        ring.Write(99, 14, Status.Done);
        ring.Write(99, 8, new Flags(0x80000001));
        ring.WriteRelaxed(99, 12, (ushort)7);
        Assert.Equal(new Entry(0, 0x80000001, 7, Status.Done), ring[99]);
        Assert.Equal(Status.Done, ring.Read<Status>((nuint)99, 14));
        Assert.Equal(new Flags(0x80000001), ring.Read<Flags>(99, 8));
        DmaMemory memory = ring.Memory;
        Assert.Equal(Status.Done, memory.Read<Status>((99 * 16) + 14));
        memory.Write(0, new Flags(3));
        memory.WriteRelaxed(4, Status.Done);
        Assert.Equal(0x0000_1234_0000_0003ul, memory.Read<ulong>(0));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void An_index_outside_the_ring_is_refused(int index)
    {
        using DmaBuffer buffer = _device.AddressSpace.Allocate(4096);
        DmaRing<Entry> ring = new(buffer, 0, 8);
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => ring[index]);
        Assert.Equal("index", refused.ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring[index] = default);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.IovaOf(index));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Read<uint>(index, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Write(index, 0, 0u));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.WriteRelaxed(index, 0, 0u));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Post(index, default));
        Assert.True(buffer.Span.IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void A_field_is_aligned_and_within_its_entry()
    {
        using DmaRing<Entry> ring = _device.AddressSpace.AllocateRing<Entry>(2);
        Assert.Throws<ArgumentException>(() => ring.Read<uint>(0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Read<uint>(0, 16));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Read<uint>(0, -4));
        Assert.Throws<NotSupportedException>(() => ring.Read<Guid>(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Write(0, 12, 0ul));
        using DmaRing<Odd> odd = _device.AddressSpace.AllocateRing<Odd>(2);
        Assert.Equal(12, Marshal.SizeOf<Odd>());
        ArgumentException entry = Assert.Throws<ArgumentException>(() => odd.Read<ulong>(0, 0));
        Assert.Contains("not always aligned", entry.Message, StringComparison.Ordinal);
        odd[1] = new Odd(1, 2);
        Assert.Equal(2u, odd.Read<uint>(1, 4));
    }

    [Fact]
    public void A_ring_is_within_its_memory()
    {
        using DmaBuffer buffer = _device.AddressSpace.Allocate(4096);
        Assert.Equal(256, new DmaRing<Entry>(buffer, 0, 256).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => new DmaRing<Entry>(buffer, 0, 257));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DmaRing<Entry>(buffer, 8, 256));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DmaRing<Entry>(buffer, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DmaRing<Entry>(buffer, 0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DmaRing<Entry>(buffer, -8, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DmaRing<Entry>(buffer, (nuint)0, int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DmaRing<Entry>(buffer, nuint.MaxValue - 7, 1));
        Assert.Throws<ArgumentException>(() => new DmaRing<Entry>(buffer, 4, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _device.AddressSpace.AllocateRing<Entry>(0));
        Assert.Equal(1, _device.AddressSpace.GetUsage().Mappings);
    }

    [Fact]
    public void Parts_share_a_page_and_have_addresses_of_their_own()
    {
        using DmaBuffer buffer = _device.AddressSpace.Allocate(4096);
        DmaMemory commands = buffer.Part(0, 1024);
        DmaMemory completions = buffer.Part(1024, (nuint)3072);
        Assert.Equal((buffer.Iova + 1024, (nuint)3072), (completions.Iova, completions.Length));
        Assert.Equal(buffer.Address + 1024, completions.Address);
        completions.Write(8, 0x55u);
        Assert.Equal(0x55u, buffer.Read<uint>(1032));
        Assert.Equal(0x55, completions.Span[8]);
        DmaMemory inner = completions.Part(8, 8);
        Assert.Equal(0x55u, inner.Read<uint>(0));
        Assert.Equal(buffer.Iova + 1032, inner.Iova);
        Assert.Same(buffer.Mapping, inner.Mapping);
        Assert.Throws<ArgumentOutOfRangeException>(() => commands.Read<uint>(1024));
        Assert.Throws<ArgumentOutOfRangeException>(() => commands.Part(1024, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => commands.Part(0, 0));
        ArgumentException unaligned = Assert.Throws<ArgumentException>(() => commands.Part(4, 8));
        Assert.Contains("multiple of 8", unaligned.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void After_the_end_of_the_buffer_every_view_says_so()
    {
        DmaBuffer buffer = _device.AddressSpace.Allocate(4096);
        DmaMemory part = buffer.Part(64, 64);
        DmaRing<Entry> ring = new(buffer, 128, 4);
        DmaRing<Entry> inPart = new(part, 0, 4);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Read<uint>(0));
        Assert.Throws<ObjectDisposedException>(() => buffer.Write(5000, 1u));
        Assert.Throws<ObjectDisposedException>(() => { _ = buffer.Span; });
        Assert.Throws<ObjectDisposedException>(() => buffer.Address);
        Assert.Throws<ObjectDisposedException>(() => buffer.Part(0, 8));
        Assert.Throws<ObjectDisposedException>(() => buffer.GetPages(0, 8));
        Assert.Throws<ObjectDisposedException>(() => buffer.Post(0, [1]));
        Assert.Throws<ObjectDisposedException>(() => part.Read<uint>(0));
        Assert.Throws<ObjectDisposedException>(() => ring[0]);
        Assert.Throws<ObjectDisposedException>(() => inPart[0] = default);
        Assert.Throws<ObjectDisposedException>(() => ring.Read<uint>(9, 0));
        Assert.Throws<ObjectDisposedException>(() => ring.IovaOf(0));
        Assert.Throws<ObjectDisposedException>(() => new DmaRing<Entry>(part, 0, 1));
    }

    [Fact]
    public void A_ring_that_is_disposed_ends_alone_unless_it_has_its_own_buffer()
    {
        using DmaBuffer buffer = _device.AddressSpace.Allocate(4096);
        DmaRing<Entry> ring = new(buffer, 0, 4);
        DmaRing<Entry> other = new(buffer, 64, 4);
        ring.Dispose();
        ring.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ring[0]);
        other[0] = default;
        buffer.Write(0, 1u);
        DmaRing<Entry> own = _device.AddressSpace.AllocateRing<Entry>(4);
        Assert.Equal(2, _device.AddressSpace.GetUsage().Mappings);
        own.Dispose();
        Assert.Equal(1, _device.AddressSpace.GetUsage().Mappings);
        Assert.Throws<ObjectDisposedException>(() => own.Memory.Read<uint>(0));
    }

    [Fact]
    public void The_end_of_the_device_ends_its_rings()
    {
        DmaRing<Entry> ring = _device.AddressSpace.AllocateRing<Entry>(4);
        ring[0] = new Entry(1, 2, 3, Status.Done);
        _device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ring[0]);
        ring.Dispose();
    }

    [Fact]
    public void Many_parts_of_a_buffer_are_not_kept()
    {
        using DmaBuffer buffer = _device.AddressSpace.Allocate(4096);
        WeakReference first = MakeParts(buffer);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.False(first.IsAlive);
        DmaMemory last = buffer.Part(0, 8);
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => last.Read<uint>(0));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference MakeParts(DmaBuffer buffer)
    {
        WeakReference first = new(buffer.Part(0, 8));
        for (int i = 0; i < 1000; i++)
        {
            _ = buffer.Part(0, 8);
        }

        return first;
    }

    [Fact]
    public void Entries_and_fields_allocate_nothing()
    {
        using DmaRing<Entry> ring = _device.AddressSpace.AllocateRing<Entry>(16);
        Work(ring, 100);
        Assert.Equal(0, Vfio.Tests.Allocation.Of(() => Work(ring, 10_000)));
    }

    private static void Work(DmaRing<Entry> ring, int count)
    {
        for (int i = 0; i < count; i++)
        {
            ring[i % 16] = new Entry(ring.IovaOf(i % 16).Value, (uint)i, 1, Status.Done);
            ring.Post(i % 16, ring[i % 16]);
            ring.Write(i % 16, 14, ring.Read<Status>(i % 16, 14));
            DmaBarrier.Full();
            foreach (DmaPage page in ring.Memory.GetPages(8, 256, 64))
            {
                Assert.True(page.Length != 0);
            }
        }
    }

    [Theory]
    [InlineData(0, 4096, 4096, "0+4096")]
    [InlineData(100, 50, 4096, "100+50")]
    [InlineData(4000, 200, 4096, "4000+96 4096+104")]
    [InlineData(1, 8191, 4096, "1+4095 4096+4096")]
    [InlineData(1, 8192, 4096, "1+4095 4096+4096 8192+1")]
    [InlineData(512, 1100, 512, "512+512 1024+512 1536+76")]
    [InlineData(16384, 0, 4096, "")]
    [InlineData(16383, 1, 4096, "16383+1")]
    public void Pages_of_a_range_are_listed(int offset, int length, ulong page, string expected)
    {
        using DmaBuffer buffer = _device.AddressSpace.Allocate(16384);
        List<string> pages = [];
        foreach (DmaPage one in buffer.GetPages(offset, length, page))
        {
            pages.Add($"{one.Iova.Value - buffer.Iova.Value}+{one.Length}");
        }

        Assert.Equal(expected, string.Join(' ', pages));
        DmaPages all = buffer.GetPages((nuint)offset, (nuint)length, page);
        Assert.Equal((pages.Count, (ulong)length), (all.Count, all.Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => all[pages.Count]);
        Assert.True(all == buffer.GetPages(offset, length, page));
        Assert.Equal(all.GetHashCode(), buffer.GetPages(offset, length, page).GetHashCode());
    }

    [Fact]
    public void Pages_that_make_no_sense_are_refused()
    {
        using DmaBuffer buffer = _device.AddressSpace.Allocate(16384);
        Assert.Throws<ArgumentException>(() => buffer.GetPages(0, 1, 0));
        Assert.Throws<ArgumentException>(() => buffer.GetPages(0, 1, 3000));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.GetPages(16384, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.GetPages(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.GetPages(0, -1));
        Assert.Equal(1, buffer.GetPages((nuint)0, 4096).Count);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 15)]
    [InlineData(0, 16)]
    [InlineData(1, 15)]
    [InlineData(1, 14)]
    [InlineData(3, 100)]
    [InlineData(15, 33)]
    [InlineData(16, 64)]
    [InlineData(4090, 6)]
    public void Posted_data_arrives_whole_and_nowhere_else(int offset, int length)
    {
        using DmaBuffer buffer = _device.AddressSpace.Allocate(4096);
        byte[] expected = new byte[4096];
        byte[] data = [.. Enumerable.Range(1, length).Select(i => (byte)i)];
        data.CopyTo(expected, offset);
        buffer.Post(offset, data);
        Assert.Equal(expected, buffer.Span.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Post(4096 - length + 1, data));
    }

    [Fact]
    public void A_posted_entry_is_the_entry()
    {
        using DmaRing<Entry> ring = _device.AddressSpace.AllocateRing<Entry>(4);
        ring.Post(2, new Entry(1, 2, 3, Status.Done));
        Assert.Equal(new Entry(1, 2, 3, Status.Done), ring[2]);
        Assert.Equal((default, default), (ring[1], ring[3]));
    }
}
