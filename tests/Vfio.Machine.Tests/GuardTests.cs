using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Machine.Tests;

/// <summary>
/// Mapped registers of devices that stop answering, because they are switched off, reset, suspended or removed, while
/// two threads read them. Each of these tests shows that the process survives.
/// </summary>
public sealed class GuardTests : HostTest
{
    private const uint EduIdentification = 0x010000ed;
    private const ulong Command = 4;
    private const ushort MemorySpaceEnable = 1 << 1;
    private const string Port = "00:14.0";

    // A register of the 82574 and so of QEMU's e1000e (datasheet, 10.2.2.2: "Device Status Register"), which is never
    // all ones.
    private const ulong NicStatus = 8;

    // A register of the 82576 and so of QEMU's igb: the amount of the card's memory for packets, in KiB, after a reset
    // (datasheet, 8.3: RXPBS, TXPBS).
    private const ulong ReceiveBuffer = 0x2404;
    private const ulong TransmitBuffer = 0x3404;
    private const uint ReceiveBufferKib = 64;
    private const uint TransmitBufferKib = 40;

    // The minimum: the reads continue until the device was disturbed often enough.
    private static readonly int Reads = Machine.IsSoak ? 1_000_000 : 100_000;

    [Fact]
    public void Memory_decoding_switched_off_and_on()
    {
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Edu));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        using Region config = device.OpenRegion(RegionIndex.Config);
        Assert.True(bar0.IsMapped);
        ushort on = config.ReadUInt16(Command);
        Tally tally = WhileTwoThreadsRead(bar0, 0, EduIdentification, () =>
        {
            config.WriteUInt16(Command, (ushort)(on & ~MemorySpaceEnable));
            Thread.Sleep(1);
            config.WriteUInt16(Command, on);
            device.Recover();
        });
        tally.AssertSomeOfEach();

        config.WriteUInt16(Command, (ushort)(on & ~MemorySpaceEnable));
        Assert.Equal(uint.MaxValue, bar0.ReadUInt32(0));
        bar0.WriteUInt32(4, 0x12345678);
        Assert.Equal(0x12345678u, bar0.ReadUInt32(4));
        Assert.Equal(DeviceState.Unavailable, device.GetState());
        Assert.Contains("decoding", Assert.Throws<VfioException>(device.Recover).Message, StringComparison.Ordinal);
        config.WriteUInt16(Command, on);
        Assert.Equal((uint.MaxValue, DeviceState.Unavailable), (bar0.ReadUInt32(0), device.GetState()));
        device.Recover();
        Assert.Equal((EduIdentification, DeviceState.Available), (bar0.ReadUInt32(0), device.GetState()));
        Assert.NotEqual(0x12345678u, bar0.ReadUInt32(4));
    }

    // No reset method resets QEMU's e1000e; the igb has a function level reset.
    [Fact]
    public void Resets_in_a_loop()
    {
        Machine.Need(Machine.Igb);
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Igb));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        Assert.True(device.CanReset);
        bar0.WriteUInt32(TransmitBuffer, 1);
        Assert.Equal(1u, bar0.ReadUInt32(TransmitBuffer));
        Tally tally = WhileTwoThreadsRead(bar0, ReceiveBuffer, ReceiveBufferKib, device.Reset);
        tally.AssertNothingStrange(ReceiveBufferKib);
        Assert.Equal(
            (TransmitBufferKib, ReceiveBufferKib, DeviceState.Available),
            (bar0.ReadUInt32(TransmitBuffer), bar0.ReadUInt32(ReceiveBuffer), device.GetState()));
    }

    [Fact]
    public void Asleep_in_D3hot_and_awake()
    {
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Nic));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        uint status = bar0.ReadUInt32(NicStatus);
        Tally tally = WhileTwoThreadsRead(bar0, NicStatus, status, () =>
        {
            device.SetPowerState(PciPowerState.D3Hot);
            Thread.Sleep(1);
            device.SetPowerState(PciPowerState.D0);
            device.Recover();
        });
        tally.AssertSomeOfEach();

        device.SetPowerState(PciPowerState.D3Hot);
        Assert.Equal((uint.MaxValue, DeviceState.Unavailable), (bar0.ReadUInt32(NicStatus), device.GetState()));
        Assert.Contains("suspended", Assert.Throws<VfioException>(device.Recover).Message, StringComparison.Ordinal);
        device.SetPowerState(PciPowerState.D0);
        device.Recover();
        Assert.Equal((status, DeviceState.Available), (bar0.ReadUInt32(NicStatus), device.GetState()));
    }

    [Fact]
    public void A_checked_region_throws_until_the_device_is_back()
    {
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Edu));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Checked);
        using Region config = device.OpenRegion(RegionIndex.Config);
        Assert.True(bar0.IsMapped);
        Assert.Equal(EduIdentification, bar0.ReadUInt32(0));
        ushort on = config.ReadUInt16(Command);
        config.WriteUInt16(Command, (ushort)(on & ~MemorySpaceEnable));
        VfioException failure = Assert.Throws<VfioException>(() => bar0.ReadUInt32(0));
        Assert.Equal(("read", $"BAR0+0x0 of {Machine.Edu}"), (failure.Operation, failure.Subject));
        Assert.Throws<VfioException>(() => bar0.WriteUInt32(4, 0));
        config.WriteUInt16(Command, on);
        device.Recover();
        Assert.Equal(EduIdentification, bar0.ReadUInt32(0));
    }

    [Fact]
    public void Asked_to_unplug_the_device_answers_until_it_is_closed()
    {
        using Plugged edu = new("edu");
        Machine.Vfio("bind", Plugged.Address).Succeeded();
        using (VfioDevice device = VfioDevice.Open(PciAddress.Parse(Plugged.Address)))
        {
            using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
            Plugged.Pull();
            Tally tally = WhileTwoThreadsRead(bar0, 0, EduIdentification, () => Thread.Sleep(10));
            Assert.Equal((0, 0), (tally.Ones, tally.Strange));
            Assert.Equal(DeviceState.Available, device.GetState());
        }

        Plugged.WaitUntilGone();
    }

    // In its own machine, because a slot that lost its power under a device may not release it again.
    [Fact]
    [Trait("Machine", "surprise")]
    public void Gone_from_the_bus()
    {
        _ = new Plugged("edu"); // stays, until its machine ends
        Machine.Vfio("bind", Plugged.Address).Succeeded();
        try
        {
            using VfioDevice device = VfioDevice.Open(PciAddress.Parse(Plugged.Address));
            using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
            bool isPulled = false;
            Tally tally = WhileTwoThreadsRead(bar0, 0, EduIdentification, () =>
            {
                if (!isPulled)
                {
                    SetSlotPower(false);
                    isPulled = true;
                }

                Thread.Sleep(10);
            });
            // No device answers on the bus: hardware then returns ones, QEMU zeroes. For the kernel the device is
            // unchanged, so nothing faults.
            Assert.True(tally is { Good: > 0, Ones: 0, Strange: > 0 }, $"{tally}");
            Assert.Equal((0u, DeviceState.Lost), (bar0.ReadUInt32(0), device.GetState()));
            Assert.Contains("removed", Assert.Throws<VfioException>(device.Recover).Message, StringComparison.Ordinal);
        }
        finally
        {
            SetSlotPower(true);
        }
    }

    // Slot Control of the root port ("PCI Express Base Specification" 7.8.10): power indicator and power controller,
    // without notifying the users of the device.
    private static void SetSlotPower(bool on) =>
        Machine.Do($"setpci -s {Port} CAP_EXP+18.w={(on ? "0100" : "0700")}:0700");

    // Before the reads end, a program's action may have happened only a few times, so the reads continue until it
    // happened often enough.
    private static Tally WhileTwoThreadsRead(Region region, ulong offset, uint expected, Action disturb)
    {
        const int Times = 20;
        int disturbed = 0;
        Tally[] tallies = new Tally[2];
        Exception?[] failures = new Exception?[2];
        Thread[] readers =
            [.. Enumerable.Range(0, tallies.Length).Select(i => new Thread(() => failures[i] = Record.Exception(() =>
            {
                int good = 0;
                int ones = 0;
                int strange = 0;
                uint last = 0;
                for (int n = 0; n < Reads || Volatile.Read(ref disturbed) < Times; n++)
                {
                    uint value = region.ReadUInt32(offset);
                    good += value == expected ? 1 : 0;
                    ones += value == uint.MaxValue ? 1 : 0;
                    if (value != expected && value != uint.MaxValue)
                    {
                        strange++;
                        last = value;
                    }
                }

                tallies[i] = new Tally(good, ones, strange, 0, last);
            })))];
        Array.ForEach(readers, thread => thread.Start());
        while (readers.Any(thread => thread.IsAlive))
        {
            disturb();
            Interlocked.Increment(ref disturbed);
        }

        Array.ForEach(readers, thread => thread.Join());
        Assert.All(failures, Assert.Null);
        Tally tally = new(
            tallies.Sum(each => each.Good),
            tallies.Sum(each => each.Ones),
            tallies.Sum(each => each.Strange),
            disturbed,
            tallies.Max(each => each.LastStrange));
        TestContext.Current.SendDiagnosticMessage($"{tally}");
        Assert.True(tally.Good + tally.Ones + tally.Strange >= 2 * Reads, $"{tally}");
        return tally;
    }

    private readonly record struct Tally(int Good, int Ones, int Strange, int Disturbed, uint LastStrange)
    {
        public void AssertNothingStrange(uint expected) =>
            Assert.True(Strange == 0, $"0x{LastStrange:x} in place of 0x{expected:x}: {this}");

        public void AssertSomeOfEach() => Assert.True(Good > 0 && Ones > 0 && Strange == 0, ToString());
    }
}
