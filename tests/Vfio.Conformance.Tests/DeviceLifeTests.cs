using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>Resets, power states, ROMs and VGA of the machine's devices, as far as each has them.</summary>
[Trait("Backend", "kernel")]
public sealed class DeviceLifeTests : MachineTests
{
    private const string Nvme = "0000:00:06.0";
    private const string VirtioNet = "0000:00:08.0";
    private const string E1000e = "0000:00:09.0";
    private const string Igb = "0000:01:00.0";
    private const string PluggedEdu = "0000:02:00.0";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly BindOptions Force = new() { Force = true };

    private readonly KernelEdu _machine;

    public DeviceLifeTests(BoundDevices devices)
        : base(devices) => _machine = new(VfioBackend.Automatic, devices);

    // A register that keeps its value until a reset: for NVMe the interrupt mask (NVM Express Base Specification 2.0,
    // 3.1.3.3), for the 82576 the size of its transmit buffer (datasheet, 8.3: TXPBS). A reset by pm, from D3hot to D0,
    // changes no register of QEMU's NICs.
    [Theory]
    [InlineData(Nvme, "flr", 0xc)]
    [InlineData(E1000e, "pm", 0)]
    [InlineData(Igb, "flr pm bus", 0x3404)]
    public void Every_reset_method_of_a_device_resets_it_and_the_selection_is_restored(
        string address, string methods, ulong register)
    {
        const uint Mark = 1;
        Assert.SkipUnless(Directory.Exists($"/sys/bus/pci/devices/{address}"), $"this QEMU has no {address}");
        PciAddress bound = Devices.Bind(address, Force);
        string file = $"/sys/bus/pci/devices/{address}/reset_method";
        Assert.Equal(methods, string.Join(' ', ResetMethods.Get(bound)));
        foreach (string method in methods.Split(' '))
        {
            using ResetMethodOverride choice = ResetMethods.Override(bound, [method]);
            Assert.Equal((method, methods), (string.Join(' ', choice.Methods), string.Join(' ', choice.Previous)));
            using VfioDevice device = VfioDevice.Open(bound);
            if (address == Igb && method == "bus")
            {
                // QEMU's port does not report that the link is up again (Data Link Layer Link Active), and the kernel
                // gives up.
                Assert.False(device.CanReset);
                continue;
            }

            Assert.True(device.CanReset, method);
            using Region config = device.OpenRegion(RegionIndex.Config);
            uint ids = config.ReadUInt32(0);
            using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
            uint before = bar0.ReadUInt32(register);
            if (method == "flr")
            {
                bar0.WriteUInt32(register, Mark);
                Assert.NotEqual(before, bar0.ReadUInt32(register));
            }

            device.Reset();
            Assert.Equal(ids, config.ReadUInt32(0));
            Assert.Equal(before, bar0.ReadUInt32(register));
        }

        Assert.Equal(methods, File.ReadAllText(file).Trim());
        // A method that the card does not have is refused, and the error names those it has.
        VfioException refusal = Assert.Throws<VfioException>(() => ResetMethods.Override(bound, ["acpi"]));
        Assert.Equal(Errno.EINVAL, refusal.Errno);
        Assert.Contains(methods, refusal.Hint, StringComparison.Ordinal);
        using (ResetMethods.Override(bound, ["default"]))
        {
            Assert.Equal(methods, File.ReadAllText(file).Trim());
        }
    }

    [Fact]
    public void Switched_off_methods_stay_switched_off()
    {
        string file = $"/sys/bus/pci/devices/{E1000e}/reset_method";
        File.WriteAllText(file, "\n");
        try
        {
            Assert.Empty(ResetMethods.Get(PciAddress.Parse(E1000e)));
            using (ResetMethodOverride choice = ResetMethods.Override(PciAddress.Parse(E1000e), ["pm"]))
            {
                Assert.Equal("pm", Assert.Single(choice.Methods));
            }

            Assert.Equal("", File.ReadAllText(file).Trim());
        }
        finally
        {
            File.WriteAllText(file, "default");
        }
    }

    [Fact]
    public void A_device_that_cannot_be_reset_says_so()
    {
        PciAddress bound = Devices.Bind("0000:00:03.0");
        using VfioDevice device = VfioDevice.Open(bound);
        Assert.False(device.CanReset);
        Assert.Throws<NotSupportedException>(device.Reset);
        Assert.Throws<VfioException>(() => ResetMethods.Override(bound, ["flr"]));
    }

    [Theory]
    [InlineData(E1000e)]
    [InlineData(Igb)]
    [InlineData(Nvme)]
    public void A_device_sleeps_in_D3hot_and_wakes(string address)
    {
        Assert.SkipUnless(Directory.Exists($"/sys/bus/pci/devices/{address}"), $"this QEMU has no {address}");
        PciAddress bound = Devices.Bind(address, Force);
        using VfioDevice device = VfioDevice.Open(bound);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        Assert.Equal(PciPowerState.D0, device.GetPowerState());
        uint before = bar0.ReadUInt32(8);
        device.SetPowerState(PciPowerState.D3Hot);
        Assert.Equal(
            (PciPowerState.D3Hot, "D3hot"), (device.GetPowerState(), new PciBus().Get(bound).GetDetails().PowerState));
        Assert.Throws<VfioException>(() => bar0.ReadUInt32(8));
        Assert.Throws<NotSupportedException>(() => device.SetPowerState(PciPowerState.D1));
        device.SetPowerState(PciPowerState.D0);
        Assert.Equal(PciPowerState.D0, device.GetPowerState());
        Assert.NotEqual(uint.MaxValue, before);
        _ = bar0.ReadUInt32(8);
    }

    [Theory]
    [InlineData(E1000e)]
    [InlineData(Igb)]
    [InlineData(Nvme)]
    [InlineData(VirtioNet)]
    [InlineData(PluggedEdu)]
    public void Low_power_is_entered_and_left_and_a_wake_up_is_reported(string address)
    {
        Assert.SkipUnless(Directory.Exists($"/sys/bus/pci/devices/{address}"), $"this QEMU has no {address}");
        PciAddress bound = address == PluggedEdu ? _machine.Address : Devices.Bind(address, Force);
        using VfioDevice device = VfioDevice.Open(bound);
        using Region config = device.OpenRegion(RegionIndex.Config);
        uint ids = config.ReadUInt32(0);
        using EventFd wakeUp = new();
        device.EnterLowPower(wakeUp);
        WaitUntilItSleeps(address);
        string state = new PciBus().Get(device.Address!.Value).GetDetails().PowerState ?? "?";
        Assert.Equal(ids, config.ReadUInt32(0));
        ulong told = wakeUp.Wait(Patience);
        Console.WriteLine($"low power: {address} slept in {state}, was told of its waking {told} times");
        Assert.Equal(1ul, told);
        device.ExitLowPower();
        // Without a reference it may sleep again after each access.
        device.EnterLowPower();
        Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(() => device.EnterLowPower()).Errno);
        Assert.Equal(ids, config.ReadUInt32(0));
        WaitUntilItSleeps(address);
        device.ExitLowPower();
        device.ExitLowPower();
        Assert.Equal((ids, "active"), (config.ReadUInt32(0), Status(address)));
        Assert.Equal(0ul, wakeUp.ReadAndClear());
    }

    [Theory]
    [InlineData("VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY")]
    [InlineData("VFIO_DEVICE_FEATURE_LOW_POWER_EXIT")]
    [InlineData("VFIO_DEVICE_IOEVENTFD")]
    public void A_call_that_fails_is_named_and_leaves_nothing(string call)
    {
        bool fails = false;
        using VfioDevice device = _machine.Open(
            options => options with { Calls = new SystemCalls(name => fails && name == call ? Errno.EIO : 0) });
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        using EventFd counter = new();
        void Use()
        {
            device.EnterLowPower();
            device.ExitLowPower();
            bar0.WriteOnEvent<uint>(counter.Handle, 4, 1).Dispose();
        }

        Use();
        fails = true;
        VfioException failure = Assert.Throws<VfioException>(Use);
        Assert.Equal((call, Errno.EIO), (failure.Operation, failure.Errno));
        fails = false;
        device.ExitLowPower();
        Use();
    }

    [Theory]
    [InlineData("0000:00:02.0", 0x8000)]
    [InlineData("0000:00:01.0", 0)]
    public void A_ROM_is_read_and_not_written(string address, int length)
    {
        PciAddress bound = Devices.Bind(address, Force);
        using VfioDevice device = VfioDevice.Open(bound);
        RegionInfo info = device.GetRegionInfo(RegionIndex.Rom);
        Assert.Equal((true, false, 0), (info.CanRead, info.CanWrite, info.MappableAreas.Count));
        Assert.True(length == 0 || info.Length == (ulong)length);
        using Region rom = device.OpenRegion(RegionIndex.Rom);
        // PCI Firmware Specification 3.3, section 5.1.1: the signature, and where the data structure of PCI is.
        Assert.Equal((0x55, 0xaa), (rom.ReadByte(0), rom.ReadByte(1)));
        ulong data = rom.ReadUInt16(0x18);
        Assert.Equal("PCIR", string.Concat(Enumerable.Range(0, 4).Select(i => (char)rom.ReadByte(data + (ulong)i))));
        Assert.Throws<NotSupportedException>(() => rom.WriteByte(0, 0));
    }

    [Fact]
    public void The_VGA_region_reaches_the_legacy_registers_and_memory()
    {
        PciAddress bound = Devices.Bind("0000:00:01.0", Force);
        using VfioDevice device = VfioDevice.Open(bound);
        RegionInfo info = device.GetRegionInfo(RegionIndex.Vga);
        Assert.Equal((0xc0000ul, true, true, 0), (info.Length, info.CanRead, info.CanWrite, info.MappableAreas.Count));
        using Region vga = device.OpenRegion(RegionIndex.Vga);
        // IBM VGA: the sequencer's index at 3c4h can be read back; its register 2 is the mask of planes.
        vga.WriteByte(0x3c4, 2);
        Assert.Equal(2, vga.ReadByte(0x3c4));
        Assert.NotEqual(0xff, vga.ReadByte(0x3cc));
        // Accesses outside its ports and memory have no effect.
        Assert.Throws<VfioException>(() => vga.ReadByte(0x100));
        // 00:02.0 is a display, but not a VGA.
        using VfioDevice bochs = VfioDevice.Open(Devices.Bind("0000:00:02.0", Force));
        Assert.Throws<VfioException>(() => bochs.GetRegionInfo(RegionIndex.Vga));
    }

    private static void WaitUntilItSleeps(string address) =>
        Hotplug.Wait(() => Status(address) == "suspended", $"{address} does not sleep");

    private static string Status(string address) =>
        File.ReadAllText($"/sys/bus/pci/devices/{address}/power/runtime_status").Trim();
}
