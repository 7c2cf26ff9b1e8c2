using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class RegionRunTests : IDisposable
{
    private readonly RecordingModel _model = new();
    private readonly VfioDevice _device;
    private readonly Region _registers;
    private readonly Region _memory;

    public RegionRunTests()
    {
        _device = _model.Open();
        _registers = _device.OpenRegion(RegionIndex.Bar0);
        _memory = _device.OpenRegion(RegionIndex.Bar2);
    }

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void A_run_is_one_access_of_the_width_for_each_element_in_ascending_order()
    {
        _registers.CopyFrom<byte>(3, [1, 2, 3]);
        _registers.CopyFrom<ushort>(8, [0x1111, 0x2222]);
        _registers.Fill(16, 0x33333333u, 2);
        _registers.Fill(24, 0x4444444444444444ul, 1);
        Assert.Equal(
            "w3.1=1 w4.1=2 w5.1=3 w8.2=1111 wa.2=2222 w10.4=33333333 w14.4=33333333 w18.8=4444444444444444",
            _model.TakeAccesses());
        uint[] read = new uint[3];
        _registers.CopyTo(4, read.AsSpan());
        _registers.CopyTo(6, new ushort[1].AsSpan());
        _registers.CopyTo(8, new ulong[2].AsSpan());
        Assert.Equal("r4.4 r8.4 rc.4 r6.2 r8.8 r10.8", _model.TakeAccesses());
        Assert.Equal([4u, 8u, 12u], read);
    }

    [Fact]
    public void A_run_in_mapped_memory_reads_what_was_written()
    {
        Assert.True(_memory.IsMapped);
        byte[] bytes = [.. Enumerable.Range(1, 100).Select(i => (byte)i)];
        _memory.CopyFrom(1, bytes.AsSpan());
        byte[] back = new byte[102];
        _memory.CopyTo(0, back.AsSpan());
        Assert.Equal([0, .. bytes, 0], back);
        _memory.Fill(0, 0x0102030405060708ul, 512);
        Assert.Equal(0x0102030405060708ul, _memory.ReadUInt64(4088));
    }

    [Fact]
    public void A_run_that_does_not_fit_makes_no_access()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _registers.CopyFrom(4092, new uint[2].AsSpan()));
        Assert.Throws<ArgumentOutOfRangeException>(() => _registers.CopyTo(0, new ulong[513].AsSpan()));
        Assert.Throws<ArgumentOutOfRangeException>(() => _registers.Fill(8, 1u, ulong.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => _registers.Fill(8, 1u, ulong.MaxValue / 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => _registers.Fill(5000, (byte)1, 0));
        Assert.Throws<ArgumentException>(() => _registers.Fill(2, 1u, 1));
        Assert.Throws<NotSupportedException>(() => _registers.Fill(0, default(Guid), 1));
        _registers.Fill(4096, 1u, 0);
        _registers.CopyTo(0, Span<uint>.Empty);
        Assert.Equal("", _model.TakeAccesses());
        _registers.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _registers.CopyTo(0, Span<uint>.Empty));
        Assert.Throws<ObjectDisposedException>(() => _registers.Fill(0, 1u, 1));
    }

    [Fact]
    public void A_vector_is_stored_in_mapped_memory_where_the_processor_can()
    {
        Vector512<byte> value = Vector512.CreateSequence<byte>(1, 1);
        byte[] expected = [.. Enumerable.Range(1, 64).Select(i => (byte)i)];
        _memory.WriteVector(16, value.GetLower().GetLower());
        Assert.Equal([0, .. expected[..16], 0], Read(15, 18));
        if (Avx.IsSupported)
        {
            _memory.WriteVector(64, value.GetLower());
            Assert.Equal([0, .. expected[..32], 0], Read(63, 34));
        }
        else
        {
            Assert.Throws<NotSupportedException>(() => _memory.WriteVector(64, value.GetLower()));
        }

        if (Avx512F.IsSupported)
        {
            _memory.WriteVector(4032, value);
            Assert.Equal(expected, Read(4032, 64));
        }
        else
        {
            Assert.Throws<NotSupportedException>(() => _memory.WriteVector(4032, value));
        }
    }

    [Fact]
    public void A_vector_is_refused_where_it_is_not_one_store()
    {
        Vector128<byte> value = Vector128<byte>.AllBitsSet;
        Assert.Contains(
            "not mapped",
            Assert.Throws<NotSupportedException>(() => _registers.WriteVector(0, value)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _memory.WriteVector(8, value));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.WriteVector(4096, value));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.WriteVector(ulong.MaxValue - 15, value));
        _memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _memory.WriteVector(0, value));
        Assert.Equal("", _model.TakeAccesses());
        using Region trapped = _device.OpenRegion(RegionIndex.Bar2, RegionAccess.Trapped);
        Assert.Throws<NotSupportedException>(() => trapped.WriteVector(0, value));
        using Region isChecked = _device.OpenRegion(RegionIndex.Bar2, RegionAccess.Checked);
        isChecked.WriteVector(0, value);
        Assert.Equal(ulong.MaxValue, isChecked.ReadUInt64(8));
    }

    [Fact]
    public void Registers_may_be_enums_and_structs()
    {
        _registers.Write(4, Mode.Fast);
        Assert.Equal("w4.2=7", _model.TakeAccesses());
        Assert.Equal((Mode)8, _registers.Read<Mode>(8));
        Assert.Equal(new Value(12), _registers.Read<Value>(12));
        Assert.Throws<NotSupportedException>(() => _registers.Read<Guid>(0));
        Assert.Throws<NotSupportedException>(() => _registers.Write(0, default(Guid)));
    }

    private byte[] Read(ulong offset, int length)
    {
        byte[] bytes = new byte[length];
        _memory.CopyTo(offset, bytes.AsSpan());
        return bytes;
    }

    private enum Mode : ushort
    {
        Fast = 7,
    }

    private readonly record struct Value(uint Raw);

    /// <summary>Records each access; a register reads as its own offset.</summary>
    private sealed class RecordingModel : DeviceModel
    {
        private readonly List<string> _accesses = [];

        public RecordingModel()
            : base("recorder", new PciIdentity(0x1234, 0x0002))
        {
            AddBar(RegionIndex.Bar0, 4096, Read, (offset, width, value) =>
                _accesses.Add($"w{offset:x}.{width}={value:x}"));
            AddMemoryBar(RegionIndex.Bar2, 4096);
        }

        public string TakeAccesses()
        {
            string all = string.Join(' ', _accesses);
            _accesses.Clear();
            return all;
        }

        private ulong Read(ulong offset, int width)
        {
            _accesses.Add($"r{offset:x}.{width}");
            return offset;
        }
    }
}
