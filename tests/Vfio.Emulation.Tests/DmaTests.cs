using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class DmaTests : IDisposable
{
    private const ushort BusMaster = 0x0006;

    private readonly TestModel _model = new();
    private readonly MemoryTarget _target = new(0x4000);
    private readonly ModelSession _session;

    public DmaTests()
    {
        _session = _model.OpenSession(client: null);
        _session.Write(RegionIndex.Config, 4, 2, BusMaster);
    }

    private DmaTable Dma => _session.Dma;

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void A_transfer_moves_the_bytes_of_what_is_mapped()
    {
        Dma.Map(0x10000, 0x1000, DmaAccess.Read | DmaAccess.Write, _target, 0x2000);
        Assert.Equal(DmaResult.Completed, _model.Memory.TryWrite(0x10ffd, [1, 2, 3]));
        Assert.Equal([1, 2, 3], _target.Bytes[0x2ffd..0x3000]);
        byte[] bytes = new byte[4];
        Assert.Equal(DmaResult.Completed, _model.Memory.TryRead(0x10ffc, bytes));
        Assert.Equal([0, 1, 2, 3], bytes);
        Assert.Equal(DmaResult.Completed, _model.Memory.TryRead(ulong.MaxValue, []));
    }

    [Fact]
    public void A_transfer_goes_on_from_one_mapping_to_the_next()
    {
        Dma.Map(0x1000, 0x1000, DmaAccess.Read, _target, 0x3000);
        Dma.Map(0x2000, 0x10, DmaAccess.Read, _target, 0x100);
        Dma.Map(0x2010, 0xff0, DmaAccess.Read, _target, 0);
        _target.Bytes[0x3fff] = 1;
        _target.Bytes[0x100] = 2;
        _target.Bytes[0x10f] = 3;
        _target.Bytes[0] = 4;
        byte[] bytes = new byte[0x12];
        Assert.Equal(DmaResult.Completed, _model.Memory.TryRead(0x1fff, bytes));
        Assert.Equal((1, 2, 3, 4), (bytes[0], bytes[1], bytes[0x10], bytes[0x11]));
    }

    [Theory]
    [InlineData(0x0fff, 2)]
    [InlineData(0x1fff, 2)]
    [InlineData(0x2fff, 2)]
    [InlineData(0x1000, 0x2001)]
    [InlineData(0x5000, 1)]
    [InlineData(ulong.MaxValue, 1)]
    [InlineData(ulong.MaxValue - 1, 16)]
    public void A_byte_that_is_not_mapped_stops_all_of_it(ulong iova, int length)
    {
        Dma.Map(0x1000, 0x1000, DmaAccess.Read | DmaAccess.Write, _target);
        Dma.Map(0x2800, 0x800, DmaAccess.Read | DmaAccess.Write, _target, 0x2800);
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(0xee);
        Assert.Equal(DmaResult.NotMapped, _model.Memory.TryWrite(iova, bytes));
        Assert.Equal(DmaResult.NotMapped, _model.Memory.TryRead(iova, bytes));
        Assert.All(_target.Bytes, value => Assert.Equal(0, value));
        Assert.All(bytes, value => Assert.Equal(0xee, value));
    }

    [Fact]
    public void A_byte_of_the_other_direction_stops_all_of_it()
    {
        Dma.Map(0x1000, 0x1000, DmaAccess.Read, _target);
        Dma.Map(0x2000, 0x1000, DmaAccess.Write, _target, 0x1000);
        Assert.Equal(DmaResult.NotPermitted, _model.Memory.TryWrite(0x1fff, [1, 1]));
        Assert.Equal(DmaResult.NotPermitted, _model.Memory.TryRead(0x1fff, new byte[2]));
        Assert.Equal(DmaResult.Completed, _model.Memory.TryWrite(0x2000, [1]));
        Assert.Equal(DmaResult.Completed, _model.Memory.TryRead(0x1fff, new byte[1]));
        Assert.Equal(1, _target.Bytes.Count(value => value != 0));
    }

    [Fact]
    public void Without_bus_master_enable_nothing_moves()
    {
        Dma.Map(0x1000, 0x1000, DmaAccess.Read | DmaAccess.Write, _target);
        _session.Write(RegionIndex.Config, 4, 2, 0x0002);
        Assert.Equal(DmaResult.BusMasterDisabled, _model.Memory.TryWrite(0x1000, [1]));
        Assert.Equal(DmaResult.BusMasterDisabled, _model.Memory.TryRead(0x1000, new byte[1]));
        _session.Write(RegionIndex.Config, 4, 2, BusMaster);
        _session.Write(RegionIndex.Config, (ulong)_model.Power.Start + 4, 2, 3);
        Assert.Equal(DmaResult.BusMasterDisabled, _model.Memory.TryWrite(0x1000, [1]));
        Assert.Equal(0, _target.Bytes[0]);
    }

    [Fact]
    public void Memory_without_a_mapping_cannot_be_accessed()
    {
        Dma.Map(0x1000, 0x1000, DmaAccess.Read | DmaAccess.Write, _target);
        _session.Dispose();
        Assert.Equal(DmaResult.NoClient, _model.Memory.TryWrite(0x1000, [1]));
        using ModelSession next = _model.OpenSession(client: null);
        next.Write(RegionIndex.Config, 4, 2, BusMaster);
        Assert.Equal(DmaResult.NotMapped, _model.Memory.TryWrite(0x1000, [1]));
        Assert.Equal(0, _target.Bytes[0]);
    }

    [Theory]
    [InlineData(0x1000, 0x1000)]
    [InlineData(0x1fff, 1)]
    [InlineData(0x0fff, 2)]
    [InlineData(0x0, 0x4000)]
    [InlineData(0x1800, 0x10)]
    public void A_mapping_over_another_is_refused(ulong iova, ulong length)
    {
        Dma.Map(0x1000, 0x1000, DmaAccess.Read, _target);
        Assert.Equal(
            Errno.EEXIST, Assert.Throws<VfioException>(() => Dma.Map(iova, length, DmaAccess.Read, _target)).Errno);
        Assert.Equal(1, Dma.Count);
    }

    [Theory]
    [InlineData(0x1000, 0, 0, 1)]
    [InlineData(0x1000, 0x4001, 0, 1)]
    [InlineData(0x1000, 0x1000, 0x3001, 1)]
    [InlineData(0x1000, 0x1000, ulong.MaxValue, 1)]
    [InlineData(ulong.MaxValue - 0xffe, 0x1000, 0, 1)]
    [InlineData(0x1000, 0x1000, 0, 0)]
    [InlineData(0x1000, 0x1000, 0, 4)]
    public void A_mapping_that_makes_no_sense_is_refused(ulong iova, ulong length, ulong offset, int permission) =>
        Assert.Equal(
            Errno.EINVAL,
            Assert.Throws<VfioException>(() => Dma.Map(iova, length, (DmaAccess)permission, _target, offset)).Errno);

    [Fact]
    public void The_last_address_can_be_mapped()
    {
        Dma.Map(ulong.MaxValue - 0xfff, 0x1000, DmaAccess.Write, _target);
        Assert.Equal(DmaResult.Completed, _model.Memory.TryWrite(ulong.MaxValue, [7]));
        Assert.Equal(7, _target.Bytes[0xfff]);
        Assert.Equal(0x1000ul, Dma.Unmap(0x1000, ulong.MaxValue - 0xfff));
    }

    [Fact]
    public void Mappings_are_removed_as_a_whole()
    {
        Dma.Map(0x1000, 0x1000, DmaAccess.Write, _target);
        Dma.Map(0x2000, 0x1000, DmaAccess.Write, _target);
        Dma.Map(0x4000, 0x1000, DmaAccess.Write, _target);
        Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(() => Dma.Unmap(0x1000, 0x1800)).Errno);
        Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(() => Dma.Unmap(0x1001, 0x1fff)).Errno);
        Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(() => Dma.Unmap(0x1000, 0)).Errno);
        Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(() => Dma.Unmap(2, ulong.MaxValue)).Errno);
        Assert.Equal(3, Dma.Count);
        Assert.Equal(0x2000ul, Dma.Unmap(0, 0x4000));
        Assert.Equal(0ul, Dma.Unmap(0, 0x4000));
        Assert.Equal(DmaResult.NotMapped, _model.Memory.TryWrite(0x1000, [1]));
        Assert.Equal(DmaResult.Completed, _model.Memory.TryWrite(0x4000, [1]));
    }

    [Fact]
    public void A_client_has_as_many_mappings_as_the_kernel_allows()
    {
        for (int i = 0; i < 65535; i++)
        {
            Dma.Map((ulong)i * 2, 1, DmaAccess.Read, _target);
        }

        Assert.Equal(Errno.ENOSPC, Assert.Throws<VfioException>(() => Dma.Map(1, 1, DmaAccess.Read, _target)).Errno);
    }

    [Fact]
    public void Random_mappings_behave_as_a_plain_array_of_bytes_does()
    {
        // Compares the table with the simplest correct implementation: an array with the owner of each of 256
        // addresses.
        Random random = new(1);
        (int Owner, DmaAccess Permission)[] plain = new (int, DmaAccess)[256];
        List<(int First, int Length)> live = [];
        for (int round = 1; round < 20_000; round++)
        {
            int first = random.Next(256);
            int length = random.Next(1, Math.Min(24, 257 - first));
            if (random.Next(2) == 0)
            {
                DmaAccess permission = (DmaAccess)random.Next(1, 4);
                bool isFree = plain.AsSpan(first, length).ToArray().All(cell => cell.Owner == 0);
                Exception? refusal = Record.Exception(
                    () => Dma.Map((ulong)first, (ulong)length, permission, _target, (ulong)first));
                Assert.Equal(isFree, refusal is null);
                if (isFree)
                {
                    plain.AsSpan(first, length).Fill((round, permission));
                    live.Add((first, length));
                }
            }
            else if (random.Next(2) == 0 && live.Count != 0)
            {
                (int at, int count) = live[random.Next(live.Count)];
                live.Remove((at, count));
                Assert.Equal((ulong)count, Dma.Unmap((ulong)at, (ulong)count));
                plain.AsSpan(at, count).Clear();
            }

            byte[] bytes = new byte[random.Next(1, 48)];
            int start = random.Next(256);
            bool isMapped = start + bytes.Length <= 256
                && plain.AsSpan(start, bytes.Length).ToArray().All(cell => cell.Owner != 0);
            bool isAllowed = isMapped
                && plain.AsSpan(start, bytes.Length).ToArray().All(cell => (cell.Permission & DmaAccess.Read) != 0);
            DmaResult expected = isAllowed ? DmaResult.Completed
                : isMapped ? DmaResult.NotPermitted
                : DmaResult.NotMapped;
            Assert.Equal(expected, Dma.TryRead((ulong)start, bytes, out _));
        }
    }
}
