using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// The kernel's device descriptor, replaced by shared memory: reads, writes and maps are those of any file.
/// </summary>
public sealed class DeviceFileTests
{
    private const int FileOffset = 0x10000;

    private static readonly RegionInfo Info = new(
        RegionIndex.Bar0, 0x1000, true, true, [new MappableArea(0, 0x1000)], FileOffset);

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Registers_lie_where_the_kernel_says_that_the_region_starts(RegionAccess access)
    {
        using SafeFileHandle memory = NewMemory(FileOffset + 0x1000);
        using DeviceFile file = new(new SystemCalls(), memory, "0000:00:14.3", "test", () => { });
        using Region region = new(file, Info, access, _ => { });
        region.WriteUInt32(0x20, 0xdeadbeef);
        byte[] bytes = new byte[4];
        Assert.Equal(0, PositionedIo.Read(memory, bytes, FileOffset + 0x20, out _));
        Assert.Equal([0xef, 0xbe, 0xad, 0xde], bytes);
        Assert.Equal(0xdeadbeefu, region.ReadUInt32(0x20));
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Ten_thousand_accesses_allocate_nothing(RegionAccess access)
    {
        using DeviceFile file = new(
            new SystemCalls(), NewMemory(FileOffset + 0x1000), "0000:00:14.3", "test", () => { });
        using Region region = new(file, Info, access, _ => { });
        uint sum = Touch(region, 100);
        Assert.Equal(0, Allocation.Of(() => sum |= Touch(region, 10_000)));
        Assert.NotEqual(0u, sum);
    }

    [Fact]
    public void Ten_thousand_accesses_of_every_width_in_every_window_allocate_nothing()
    {
        RegionInfo sparse = new(
            RegionIndex.Bar0,
            0x4000,
            true,
            true,
            [new MappableArea(0, 0x1000), new MappableArea(0x3000, 0x1000)],
            FileOffset);
        using DeviceFile file = new(
            new SystemCalls(), NewMemory(FileOffset + 0x4000), "0000:00:14.3", "test", () => { });
        using Region region = new(file, sparse, RegionAccess.Mapped, _ => { });
        uint sum = Touch(region, 100, 0x3000);
        Assert.Equal(0, Allocation.Of(() => sum |= Touch(region, 10_000, 0x3000)));
        Assert.NotEqual(0u, sum);
    }

    [Fact]
    public void An_access_that_the_kernel_cuts_short_is_an_error_that_names_the_place()
    {
        using DeviceFile file = new(new SystemCalls(), NewMemory(FileOffset + 2), "0000:00:14.3", "test", () => { });
        using Region region = new(file, Info, RegionAccess.Trapped, _ => { });
        VfioException failure = Assert.Throws<VfioException>(() => region.ReadUInt32(0));
        Assert.Equal("read on BAR0+0x0 of 0000:00:14.3: the kernel transferred 2 of 4 bytes", failure.Message);
        Assert.Throws<VfioException>(() => region.ReadUInt32(0x10));
    }

    [Fact]
    public void An_area_that_cannot_be_mapped_is_an_error_that_names_the_region()
    {
        using DeviceFile file = new(new SystemCalls(), NewMemory(0x1000), "0000:00:14.3", "test", () => { });
        RegionInfo crooked = new(RegionIndex.Bar0, 0x1000, true, true, [new MappableArea(0, 0x1000)], fileOffset: 1);
        VfioException failure = Assert.Throws<VfioException>(
            () => new Region(file, crooked, RegionAccess.Mapped, _ => { }));
        Assert.Equal(
            ("mmap", "BAR0 of 0000:00:14.3", Errno.EINVAL), (failure.Operation, failure.Subject, failure.Errno));
    }

    [Fact]
    public void After_disposal_every_access_throws()
    {
        DeviceFile file = new(new SystemCalls(), NewMemory(FileOffset + 0x1000), "0000:00:14.3", "test", () => { });
        file.Dispose();
        file.Dispose();
        byte[] data = new byte[4];
        Assert.Throws<ObjectDisposedException>(() => file.ReadRegion(Info, 0, data));
        Assert.Throws<ObjectDisposedException>(() => file.WriteRegion(Info, 0, data));
        Assert.Throws<ObjectDisposedException>(() => file.MapArea(Info, Info.MappableAreas[0]));
        Assert.Throws<ObjectDisposedException>(() => file.GetInfo());
        Assert.Throws<ObjectDisposedException>(() => file.GetRegionInfo(RegionIndex.Bar0));
    }

    [Fact]
    public void Disposal_closes_the_device_and_then_its_container_once()
    {
        using SafeFileHandle device = NewMemory(1);
        List<string> steps = [];
        DeviceFile file = new(
            new SystemCalls(),
            device,
            "0000:00:14.3",
            "test",
            closing: () => steps.Add($"closing, {(device.IsClosed ? "closed" : "open")}"),
            closed: () => steps.Add($"closed, {(device.IsClosed ? "closed" : "open")}"));
        file.Dispose();
        file.Dispose();
        Assert.Equal(["closing, open", "closed, closed"], steps);
    }

    [Fact]
    public void A_file_that_is_not_a_vfio_device_fails_with_an_error()
    {
        using DeviceFile file = new(new SystemCalls(), NewMemory(0x1000), "0000:00:14.3", "test", () => { });
        VfioException failure = Assert.Throws<VfioException>(() => file.GetInfo());
        Assert.Equal(
            ("VFIO_DEVICE_GET_INFO", "0000:00:14.3", Errno.ENOTTY),
            (failure.Operation, failure.Subject, failure.Errno));
        failure = Assert.Throws<VfioException>(() => file.GetRegionInfo(RegionIndex.Bar0));
        Assert.Equal(("VFIO_DEVICE_GET_REGION_INFO", Errno.ENOTTY), (failure.Operation, failure.Errno));
    }

    private static uint Touch(Region region, int times, ulong start = 0)
    {
        uint sum = 0;
        for (int i = 1; i <= times; i++)
        {
            ulong offset = start + ((ulong)(i % 64) * 8);
            region.WriteUInt64(offset, (ulong)i);
            region.WriteUInt32(offset, (uint)i);
            region.WriteUInt16(offset, (ushort)i);
            region.WriteByte(offset, (byte)i);
            sum |= (uint)region.ReadUInt64(offset)
                | region.ReadUInt32(offset)
                | region.ReadUInt16(offset)
                | region.ReadByte(offset);
        }

        return sum;
    }

    private static SafeFileHandle NewMemory(int length)
    {
        SafeFileHandle memory = Libc.MemfdCreate("vfio-test-file", Libc.MFD_CLOEXEC);
        Assert.Equal(0, PositionedIo.Write(memory, [0], length - 1, out _));
        return memory;
    }
}
