using Vfio.Regions;

namespace Vfio.Backends;

/// <summary>
/// The seam between a device as users see it and the way it is reached. Mirrors the kernel's device operations; everything
/// public is written once above it.
/// </summary>
/// <remarks>Calls may come from any thread at any time, after <see cref="IDisposable.Dispose"/> too: then they throw
/// <see cref="ObjectDisposedException"/>.</remarks>
internal interface IDeviceBackend : IDisposable
{
    /// <summary>How the device is reached: "type1v2", "type1", "in-process".</summary>
    string Name { get; }

    /// <summary>What the device is (VFIO_DEVICE_GET_INFO).</summary>
    DeviceInfo GetInfo();

    /// <summary>What a region is (VFIO_DEVICE_GET_REGION_INFO). A region that is not implemented has length 0.</summary>
    RegionInfo GetRegionInfo(RegionIndex region);

    /// <summary>Reads 1, 2, 4 or 8 bytes, naturally aligned, as one access of the device where the backend can.</summary>
    void ReadRegion(RegionInfo region, ulong offset, Span<byte> data);

    /// <summary>Writes 1, 2, 4 or 8 bytes, naturally aligned, as one access of the device where the backend can.</summary>
    void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data);

    /// <summary>Maps an area that <see cref="RegionInfo.MappableAreas"/> lists. The caller owns the mapping.</summary>
    MappedMemory MapArea(RegionInfo region, MappableArea area);

    /// <summary>Resets the device (VFIO_DEVICE_RESET). Only where <see cref="DeviceInfo.CanReset"/>.</summary>
    void Reset();
}

/// <summary>What VFIO_DEVICE_GET_INFO answers, in this library's words.</summary>
internal readonly record struct DeviceInfo(uint RegionCount, uint InterruptCount, bool CanReset);
