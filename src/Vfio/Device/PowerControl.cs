using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Controls a device through the power management capability in its configuration space (PCI Express Base Specification
/// 6.0, section 7.5.2).
/// </summary>
internal sealed class PowerControl
{
    private const ulong Status = 0x06;
    private const ulong CapabilitiesRegister = 2;
    private const ulong ControlRegister = 4;
    private const ushort HasD1 = 1 << 9;
    private const ushort HasD2 = 1 << 10;
    private const ushort StateMask = 3;
    private const ushort PmeStatus = 1 << 15; // writing 1 clears it

    private readonly IDeviceBackend _device;
    private readonly RegionInfo _config;
    private readonly string _name;
    private readonly ulong _start;

    private PowerControl(IDeviceBackend device, RegionInfo config, string name, ulong start) =>
        (_device, _config, _name, _start) = (device, config, name, start);

    /// <summary>Gets the current state.</summary>
    public PciPowerState State => (PciPowerState)(Read(ControlRegister) & StateMask);

    /// <summary>
    /// Finds the capability. The list of capabilities comes from the device, so it is followed only as far as it is
    /// valid.
    /// </summary>
    /// <returns>The instance; <see langword="null"/> if the device does not support it.</returns>
    public static PowerControl? Find(IDeviceBackend device, string name)
    {
        RegionInfo config = device.GetRegionInfo(RegionIndex.Config);
        if (config.IsImplemented)
        {
            _ = ReadAnswer(device, config, name, Status); // a device that was removed has not lost its capability
        }

        return device.FindPowerManagement(config) is ulong start ? new PowerControl(device, config, name, start) : null;
    }

    /// <summary>Sets the state of the device.</summary>
    public void Set(PciPowerState state)
    {
        ushort capabilities = Read(CapabilitiesRegister);
        if ((state == PciPowerState.D1 && (capabilities & HasD1) == 0)
            || (state == PciPowerState.D2 && (capabilities & HasD2) == 0))
        {
            throw new NotSupportedException($"{_name} has no power state {state}");
        }

        ushort control = Read(ControlRegister);
        _device.WriteUInt16(
            _config, _start + ControlRegister, (ushort)((control & ~(StateMask | PmeStatus)) | (int)state));
        PciPowerState now = State;
        if (now != state)
        {
            throw new VfioException(
                "write",
                $"the power state of {_name}",
                $"it is {now}, not {state}",
                "from a state below D0, a device can only enter a deeper one or D0");
        }
    }

    private ushort Read(ulong register) => ReadAnswer(_device, _config, _name, _start + register);

    private static ushort ReadAnswer(IDeviceBackend device, RegionInfo config, string name, ulong offset) =>
        device.ReadUInt16(config, offset) is ushort value and not ushort.MaxValue
            ? value
            : throw new VfioException(
                "read", $"the power state of {name}", "the device does not answer: it is suspended or was removed");
}
