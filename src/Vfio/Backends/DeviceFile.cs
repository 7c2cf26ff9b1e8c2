using Microsoft.Win32.SafeHandles;
using Vfio.Interop;
using Vfio.Interop.Uapi;
using Vfio.Regions;

namespace Vfio.Backends;

/// <summary>A device behind the kernel's VFIO device descriptor, however that was come by.</summary>
/// <param name="device">The descriptor; owned.</param>
/// <param name="subject">The device's name in messages.</param>
/// <param name="backendName">How the descriptor was come by.</param>
/// <param name="parents">What must stay open as long as the device is, in the order it is to be closed in; owned.</param>
internal sealed class DeviceFile(SafeFileHandle device, string subject, string backendName, params SafeFileHandle[] parents)
    : IDeviceBackend
{
    public string Name => backendName;

    public DeviceInfo GetInfo()
    {
        VfioUapi.vfio_device_info info = VfioDeviceIoctl.GetInfo(device, subject);
        return new DeviceInfo(info.num_regions, info.num_irqs, (info.flags & VfioUapi.VFIO_DEVICE_FLAGS_RESET) != 0);
    }

    public RegionInfo GetRegionInfo(RegionIndex region) => RegionInfoParser.Parse(
        region, VfioDeviceIoctl.GetRegionInfo(device, (uint)region, $"{region.Describe()} of {subject}"));

    public void ReadRegion(RegionInfo region, ulong offset, Span<byte> data)
    {
        int errno = PositionedIo.Read(device, data, checked((long)(region.FileOffset + offset)), out nint done);
        Check("read", region, offset, data.Length, done, errno);
    }

    public void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data)
    {
        int errno = PositionedIo.Write(device, data, checked((long)(region.FileOffset + offset)), out nint done);
        Check("write", region, offset, data.Length, done, errno);
    }

    public MappedMemory MapArea(RegionInfo region, MappableArea area) => MappedMemory.Map(
        device, checked((long)(region.FileOffset + area.Offset)), checked((nuint)area.Length), region.CanRead, region.CanWrite,
        $"{region.Index.Describe()} of {subject}");

    public void Reset() => VfioDeviceIoctl.Reset(device, subject);

    public void Dispose()
    {
        device.Dispose();
        foreach (SafeFileHandle parent in parents)
        {
            parent.Dispose();
        }
    }

    private void Check(string operation, RegionInfo region, ulong offset, int wanted, nint done, int errno)
    {
        if (done == wanted)
        {
            return;
        }

        string place = $"{region.Index.Describe()}+0x{offset:x} of {subject}";
        string? hint = errno == Errno.EIO
            ? "the device does not answer there: its memory decoding is off (config+4, bit 1), or it is in reset, asleep or gone"
            : null;
        throw errno != 0
            ? new VfioException(operation, place, errno, hint)
            : new VfioException(operation, place, $"the kernel moved {done} of {wanted} bytes", hint);
    }
}
