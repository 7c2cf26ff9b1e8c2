using Microsoft.Win32.SafeHandles;

namespace Vfio.Tests;

public sealed class SharedMemoryTests : IDisposable
{
    private readonly string _name = $"vfio-test-{Guid.NewGuid():N}";
    private readonly SharedMemory _memory;

    public SharedMemoryTests() => _memory = SharedMemory.Create(_name, 0x3000);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void It_starts_as_zeroes_and_is_one_memory_however_often_it_is_mapped()
    {
        Assert.Equal((0x3000ul, 0ul), (_memory.Length, _memory.Read<ulong>(0x2ff8)));
        _memory.Write(0x2000, 0x11223344u);
        using MappedMemory mapping = _memory.Map(0x2000, 0x1000, read: true, write: true, "test");
        Assert.Equal(0x11223344u, Read(mapping));
        _memory.Fill(0x2001, 2, 0xff);
        Assert.Equal(0x11ffff44u, Read(mapping));
    }

    [Fact]
    public void It_copies_in_and_out()
    {
        _memory.CopyFrom(0x2ffd, [1, 2, 3]);
        byte[] bytes = new byte[4];
        _memory.CopyTo(0x2ffc, bytes);
        Assert.Equal([0, 1, 2, 3], bytes);
    }

    [Theory]
    [InlineData(0x2ffd, 4)]
    [InlineData(0x3000, 1)]
    [InlineData(ulong.MaxValue, 1)]
    [InlineData(ulong.MaxValue - 3, 8)]
    public void Nothing_outside_of_it_can_be_touched(ulong offset, int length)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.CopyTo(offset, new byte[length]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.CopyFrom(offset, new byte[length]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Fill(offset, (ulong)length, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Map(offset, (ulong)length, true, true, "test"));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Read<ulong>(offset));
    }

    [Fact]
    public void An_access_is_aligned()
    {
        Assert.Throws<ArgumentException>(() => _memory.Read<uint>(2));
        Assert.Throws<ArgumentException>(() => _memory.Write<ushort>(1, 1));
    }

    [Fact]
    public void A_program_with_its_file_cannot_change_its_length()
    {
        string path = Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Single(path => new FileInfo(path).LinkTarget?.Contains(_name, StringComparison.Ordinal) == true);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Assert.ThrowsAny<Exception>(() => RandomAccess.SetLength(file, 0));
        Assert.ThrowsAny<Exception>(() => RandomAccess.SetLength(file, 0x4000));
        Assert.Equal(0x3000, RandomAccess.GetLength(file));
    }

    [Fact]
    public void Access_after_Dispose_throws_and_other_mappings_stay_valid()
    {
        using MappedMemory mapping = _memory.Map(0, 0x1000, read: true, write: true, "test");
        _memory.Write(0, 5u);
        _memory.Dispose();
        _memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _memory.Read<uint>(0));
        Assert.Throws<ObjectDisposedException>(() => _memory.CopyTo(0, new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => _memory.Map(0, 0x1000, true, true, "test"));
        Assert.Equal(0ul, _memory.Length);
        Assert.Equal(5u, Read(mapping));
    }

    private static uint Read(MappedMemory mapping)
    {
        uint value = (uint)System.Runtime.InteropServices.Marshal.ReadInt32(mapping.DangerousGetHandle());
        GC.KeepAlive(mapping);
        return value;
    }
}
