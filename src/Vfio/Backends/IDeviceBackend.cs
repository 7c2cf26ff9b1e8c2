using Microsoft.Win32.SafeHandles;
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

    /// <summary>Sets the token that opens virtual functions of this physical function (VFIO_DEVICE_FEATURE_PCI_VF_TOKEN).</summary>
    void SetVirtualFunctionToken(Guid token) => throw new NotSupportedException("the device has no virtual functions");

    /// <summary>A file of a part of a region, by which other devices can reach it (VFIO_DEVICE_FEATURE_DMA_BUF); null where there is none.</summary>
    SafeFileHandle? TryExport(RegionInfo region, ulong offset, ulong length) => null;

    /// <summary>The transfers of this device's that were stopped since the last call; null where the backend does not know them.</summary>
    IReadOnlyList<IommuFault>? TakeFaults() => null;
}

/// <summary>What VFIO_DEVICE_GET_INFO answers, in this library's words.</summary>
internal readonly record struct DeviceInfo(uint RegionCount, uint InterruptCount, bool CanReset);
