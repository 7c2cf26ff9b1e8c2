using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio;

/// <summary>Represents a device behind a VFIO device descriptor of the kernel.</summary>
/// <param name="calls">Makes the system calls.</param>
/// <param name="device">The descriptor, which this object owns.</param>
/// <param name="subject">The device's name in messages.</param>
/// <param name="backendName">The backend through which the descriptor was obtained.</param>
/// <param name="closing">Called once before the descriptor is closed, so that others stop using it.</param>
/// <param name="closed">Called once after the descriptor is closed, to close what had to stay open with it.</param>
internal sealed partial class DeviceFile(
    SystemCalls calls,
    SafeFileHandle device,
    string subject,
    string backendName,
    Action? closing = null,
    Action? closed = null)
    : IDeviceBackend, IBusReset, IMigratable, IDmaLog, IWriteOnEvent, IMemoryExport
{
    private int _isClosed;

    public string Name => backendName;

    public DeviceInfo GetInfo() => DeviceInfoParser.Parse(VfioDeviceIoctl.GetInfo(calls, device, subject));

    public RegionInfo GetRegionInfo(RegionIndex region) => RegionInfoParser.Parse(
        region, VfioDeviceIoctl.GetRegionInfo(calls, device, (uint)region, $"{region.Describe()} of {subject}"));

    public void ReadRegion(RegionInfo region, ulong offset, Span<byte> data)
    {
        int errno = PositionedIo.Read(device, data, PlaceIn(region, offset), out nint done);
        Check("read", region, offset, data.Length, done, errno);
    }

    public void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data)
    {
        int errno = PositionedIo.Write(device, data, PlaceIn(region, offset), out nint done);
        Check("write", region, offset, data.Length, done, errno);
    }

    public MappedMemory MapArea(RegionInfo region, MappableArea area)
    {
        string place = $"{region.Index.Describe()} of {subject}";
        int errno = calls.Before("mmap");
        return errno != 0
            ? throw new VfioException("mmap", place, errno)
            : MappedMemory.MapDevice(
                device,
                PlaceIn(region, area.Offset),
                checked((nuint)area.Length),
                region.CanRead,
                region.CanWrite,
                place);
    }

    public void Reset() => VfioDeviceIoctl.Reset(calls, device, subject);

    public int Feature(string name, uint flags, Span<byte> data, out int result) =>
        VfioDeviceIoctl.Feature(calls, name, device, flags, data, out result);

    public SafeFileHandle? TryExport(RegionInfo region, ulong offset, ulong length)
    {
        Span<byte> data = stackalloc byte[Unsafe.SizeOf<VfioUapi.vfio_device_feature_dma_buf>()
            + Unsafe.SizeOf<VfioUapi.vfio_region_dma_range>()];
        VfioUapi.vfio_device_feature_dma_buf question =
            new() { region_index = (uint)region.Index, open_flags = Libc.O_RDWR | Libc.O_CLOEXEC, nr_ranges = 1 };
        VfioUapi.vfio_region_dma_range range = new() { offset = offset, length = length };
        MemoryMarshal.Write(data, in question);
        MemoryMarshal.Write(data[Unsafe.SizeOf<VfioUapi.vfio_device_feature_dma_buf>()..], in range);
        int errno = Feature(
            "VFIO_DEVICE_FEATURE_DMA_BUF",
            VfioUapi.VFIO_DEVICE_FEATURE_GET | VfioUapi.VFIO_DEVICE_FEATURE_DMA_BUF,
            data,
            out int fd);
        return errno switch
        {
            0 => new SafeFileHandle(fd, ownsHandle: true),
            // The kernel is older than 6.19 or has no CONFIG_VFIO_PCI_DMABUF, or other devices cannot access this
            // device.
            Errno.ENOTTY or Errno.EOPNOTSUPP => null,
            _ => throw new VfioException(
                "VFIO_DEVICE_FEATURE_DMA_BUF",
                $"0x{length:x} bytes at {region.Index.Describe()}+0x{offset:x} of {subject}",
                errno),
        };
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            try
            {
                closing?.Invoke();
            }
            finally
            {
                device.Dispose();
                closed?.Invoke();
            }
        }
    }

    // Offsets come from the kernel; it refuses one that is out of range (EINVAL).
    private static long PlaceIn(RegionInfo region, ulong offset) =>
        region.FileOffset <= long.MaxValue && offset <= long.MaxValue - region.FileOffset
            ? (long)(region.FileOffset + offset)
            : long.MaxValue;

    private void Check(string operation, RegionInfo region, ulong offset, int wanted, nint done, int errno)
    {
        if (done == wanted)
        {
            return;
        }

        string place = $"{region.Index.Describe()}+0x{offset:x} of {subject}";
        string? hint = errno == Errno.EIO
            ? "the device does not answer there: its memory decoding is off (config+4, bit 1), or it is in reset, "
                + "suspended or removed"
            : null;
        throw errno != 0
            ? new VfioException(operation, place, errno, hint)
            : new VfioException(operation, place, $"the kernel transferred {done} of {wanted} bytes", hint);
    }
}
