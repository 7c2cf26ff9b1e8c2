using System.Buffers.Binary;
using Vfio.Backends;

namespace Vfio.Life;

/// <summary>A device's power management capability in configuration space (PCI Express Base Specification 6.0, section 7.5.2).</summary>
internal sealed class PowerControl
{
    private const int StatusOffset = 0x06;
    private const ushort HasCapabilities = 1 << 4;
    private const int FirstPointer = 0x34;
    private const byte PowerManagement = 0x01;
    private const int HeaderLength = 0x40;
    private const int LegacyLength = 0x100;
    private const int MostCapabilities = (LegacyLength - HeaderLength) / 4;
    private const int CapabilitiesRegister = 2;
    private const int ControlRegister = 4;
    private const ushort HasD1 = 1 << 9;
    private const ushort HasD2 = 1 << 10;
    private const ushort StateMask = 3;
    private const ushort PmeStatus = 1 << 15; // writing 1 clears it

    private readonly IDeviceBackend _device;
    private readonly RegionInfo _config;
    private readonly string _name;
    private readonly int _start;

    private PowerControl(IDeviceBackend device, RegionInfo config, string name, int start) => (_device, _config, _name, _start) = (device, config, name, start);

    /// <summary>The state it is in now.</summary>
    public PciPowerState State => (PciPowerState)(Read(_device, _config, _name, _start + ControlRegister) & StateMask);

    /// <summary>Finds the capability. The chain comes from the device: it is followed as far as it can be sound.</summary>
    /// <returns>Null where there is none.</returns>
    public static PowerControl? Find(IDeviceBackend device, string name)
    {
        RegionInfo config = device.GetRegionInfo(RegionIndex.Config);
        if (config.Length < LegacyLength || (Read(device, config, name, StatusOffset) & HasCapabilities) == 0)
        {
            return null;
        }

        int at = Read(device, config, name, FirstPointer) & 0xfc;
        for (int count = 0; at >= HeaderLength && count < MostCapabilities; count++)
        {
            ushort header = Read(device, config, name, at, mayBeOnes: true);
            if ((byte)header == PowerManagement && at <= LegacyLength - 8)
            {
                return new PowerControl(device, config, name, at);
            }

            at = (header >> 8) & 0xfc;
        }

        return null;
    }

    /// <summary>Puts the device into a state.</summary>
    public void Set(PciPowerState state)
    {
        ushort capabilities = Read(_device, _config, _name, _start + CapabilitiesRegister);
        if ((state == PciPowerState.D1 && (capabilities & HasD1) == 0) || (state == PciPowerState.D2 && (capabilities & HasD2) == 0))
        {
            throw new NotSupportedException($"{_name} has no power state {state}");
        }

        ushort control = Read(_device, _config, _name, _start + ControlRegister);
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)((control & ~(StateMask | PmeStatus)) | (int)state));
        _device.WriteRegion(_config, (ulong)(_start + ControlRegister), bytes);
        PciPowerState now = State;
        if (now != state)
        {
            throw new VfioException("write", $"the power state of {_name}", $"it is {now}, not {state}", "from a state below D0 only deeper ones and D0 can be reached");
        }
    }

    private static ushort Read(IDeviceBackend device, RegionInfo config, string name, int offset, bool mayBeOnes = false)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        device.ReadRegion(config, (ulong)offset, bytes);
        ushort value = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        return value != ushort.MaxValue || mayBeOnes ? value : throw new VfioException("read", $"the power state of {name}", "the device does not answer: it is asleep or gone");
    }
}
