using System.Buffers.Binary;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Represents the MSI-X table of an open device. Through the file descriptor, the kernel returns all ones instead of
/// its content; a mapping shows the content.
/// </summary>
internal sealed class MsixTable : IDisposable
{
    private const int Id = 0x11;
    private const int EntryBytes = 16;
    private const int ConfigBytes = 256;

    private readonly RegionIndex _region;
    private readonly ulong _start;
    private readonly ulong _length;
    private readonly Region? _mapped;

    private MsixTable(RegionIndex region, ulong start, ulong length, Region? mapped) =>
        (_region, _start, _length, _mapped) = (region, start, length, mapped);

    /// <summary>Finds the MSI-X table of a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="config">Its configuration space.</param>
    /// <returns>The table, which the caller owns; <see langword="null"/> if the device has none.</returns>
    public static MsixTable? Find(VfioDevice device, Region config)
    {
        byte[] bytes = new byte[Math.Min(config.Length, ConfigBytes)];
        for (int i = 0; i + 4 <= bytes.Length; i += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i), config.ReadUInt32((ulong)i));
        }

        if (bytes.Length != ConfigBytes
            || PciConfigSpace.Parse(bytes).Capabilities
                .FirstOrDefault(known => !known.IsExtended
                    && known.Id == Id
                    && known.Offset + 8 <= ConfigBytes) is not PciCapability capability)
        {
            return null;
        }

        // PCI Express Base Specification 6.0, section 7.7.2: message control at 2, table offset and BAR at 4.
        int entries = (BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(capability.Offset + 2)) & 0x7ff) + 1;
        uint place = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(capability.Offset + 4));
        RegionIndex index = (RegionIndex)(int)(place & 7);
        ulong start = place & ~7u, length = (ulong)entries * EntryBytes;
        if (index > RegionIndex.Bar5 || device.GetRegionInfo(index) is not { CanRead: true, CanWrite: true } info)
        {
            return null;
        }

        bool isMappable = info.MappableAreas.Any(
            area => start >= area.Offset && start + length <= area.Offset + area.Length);
        return new MsixTable(index, start, length, isMappable ? device.OpenRegion(index, RegionAccess.Checked) : null);
    }

    /// <summary>Returns whether a register is in the table.</summary>
    public bool Has(RegisterPlace place) => place.Place.Region == _region
        && place.Place.Offset >= _start
        && place.Place.Offset + (ulong)place.Bytes <= _start + _length;

    /// <summary>
    /// Reads a register of the table; returns <see langword="null"/> if the kernel does not allow mapping it.
    /// </summary>
    public ulong? Read(RegisterPlace place) =>
        _mapped is null ? null : RegisterWidth.Read(_mapped, place.Place.Offset, place.Bits);

    public void Dispose() => _mapped?.Dispose();
}
