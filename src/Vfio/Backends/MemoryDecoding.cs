using System.Buffers.Binary;

namespace Vfio.Backends;

/// <summary>Why a device's memory does not answer, as its configuration space says it.</summary>
internal static class MemoryDecoding
{
    // "PCI Local Bus Specification" 3.0, 6.2.2, 6.2.3 and 6.7; "PCI Bus Power Management Interface Specification" 1.2, 3.2.
    private const ulong Command = 4;
    private const ushort MemorySpaceEnable = 1 << 1;
    private const ulong Status = 6;
    private const ushort CapabilitiesList = 1 << 4;
    private const ulong CapabilitiesPointer = 0x34;
    private const byte PowerManagement = 1;
    private const ulong PowerManagementControl = 4;
    private const int PowerStateMask = 3;
    private const int D3Hot = 3;
    private const int HeaderBytes = 0x40;

    // As many as have room behind the header.
    private const int MostCapabilities = 48;

    /// <returns>The reason as the end of a sentence; null where the device decodes its memory.</returns>
    public static string? WhyOff(IDeviceBackend backend)
    {
        RegionInfo config = backend.GetRegionInfo(RegionIndex.Config);
        if (!config.IsImplemented)
        {
            return null;
        }

        if ((Read16(Command) & MemorySpaceEnable) == 0)
        {
            return "its memory decoding is off (config+4, bit 1)";
        }

        if ((Read16(Status) & CapabilitiesList) == 0)
        {
            return null;
        }

        int place = Read16(CapabilitiesPointer) & 0xfc;
        for (int i = 0; i < MostCapabilities && place >= HeaderBytes; i++)
        {
            int header = Read16((ulong)place);
            if ((byte)header == PowerManagement)
            {
                return (Read16((ulong)place + PowerManagementControl) & PowerStateMask) == D3Hot ? "it is asleep (D3hot)" : null;
            }

            place = (header >> 8) & 0xfc;
        }

        return null;

        ushort Read16(ulong offset)
        {
            Span<byte> bytes = stackalloc byte[sizeof(ushort)];
            backend.ReadRegion(config, offset, bytes);
            return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        }
    }
}
