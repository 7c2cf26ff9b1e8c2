using System.Globalization;
using Vfio.Drivers.Display;
using Vfio.Drivers.Net;
using Vfio.Drivers.Nvme;
using Vfio.Emulation;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Machine.Tests;

/// <summary>
/// Compares the register maps with devices: their values agree with what the kernel and QEMU report in other ways.
/// </summary>
public sealed class RegisterMapTests : HostTest
{
    [Fact]
    public void The_82574_has_the_link_and_the_address_that_the_kernel_saw()
    {
        string name = Path.GetFileName(Directory.GetDirectories($"/sys/bus/pci/devices/{Machine.Nic}/net").Single());
        string net = $"/sys/class/net/{name}";
        byte[] address = Convert.FromHexString(
            File.ReadAllText($"{net}/address").Trim().Replace(":", "", StringComparison.Ordinal));

        // Speed and duplex can only be read for an interface that is up and has a carrier.
        string[] link = Machine.Do($"""
            ip link set {name} up
            for i in $(seq 1800); do [ "$(cat {net}/carrier)" = 1 ] && break; sleep 0.1; done
            cat {net}/carrier {net}/speed {net}/duplex
            ip link set {name} down
            """).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Nic));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);

        // The reset at open makes the PHY negotiate again, which takes half a second.
        Assert.Equal("1", link[0]);
        Intel82574Status status = WaitFor(() => bar0.Read(Intel82574Registers.Status), value => value.IsLinkUp);
        Assert.Equal(link[1], status.SpeedInMegabits.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(link[2] == "full", status.IsFullDuplex);

        // The address is in the receive address registers and, word by word, in the NVM.
        uint low = bar0.Read(Intel82574Registers.ReceiveAddressLow(0)).Raw;
        Intel82574ReceiveAddressHigh high = bar0.Read(Intel82574Registers.ReceiveAddressHigh(0));
        Assert.Equal(address, (byte[])[.. BitConverter.GetBytes(low), (byte)high.Address, (byte)(high.Address >> 8)]);
        Assert.True(high.IsValid);
        Assert.False(bar0.Read(Intel82574Registers.ReceiveAddressHigh(1)).IsValid);
        for (int word = 0; word < 3; word++)
        {
            bar0.Write(
                Intel82574Registers.EepromRead, default(Intel82574EepromRead) with { Start = true, Address = word });
            Intel82574EepromRead read = WaitFor(() => bar0.Read(Intel82574Registers.EepromRead), value => value.IsDone);
            Assert.Equal(address[2 * word] | (address[(2 * word) + 1] << 8), read.Data);
        }

        // QEMU takes the link down and up again.
        Machine.Do($"{Machine.Qmp} set_link name=nic2 up=false");
        Assert.False(WaitFor(() => bar0.Read(Intel82574Registers.Status), value => !value.IsLinkUp).IsLinkUp);
        Machine.Do($"{Machine.Qmp} set_link name=nic2 up=true");
        Assert.True(WaitFor(() => bar0.Read(Intel82574Registers.Status), value => value.IsLinkUp).IsLinkUp);
    }

    [Fact]
    public void The_82574_keeps_what_is_written_and_its_interrupt_registers_do_as_their_access_says()
    {
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Nic));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);

        bar0.Write(Intel82574Registers.FlowControlAddressLow, new RawUInt32(0x00c28001));
        Assert.Equal(0x00c28001u, bar0.Read(Intel82574Registers.FlowControlAddressLow).Raw);
        bar0.Write(Intel82574Registers.FlowControlAddressLow, new RawUInt32(0xa5a5_5a5a));
        Assert.Equal(0xa5a5_5a5au, bar0.Read(Intel82574Registers.FlowControlAddressLow).Raw);

        // The PHY's identifier, registers 2 and 3, is that of the 82574's PHY (datasheet, section 10.3).
        Assert.Equal(0x0141, ReadPhy(bar0, 2));
        Assert.Equal(0x0cb1, ReadPhy(bar0, 3));

        // IMS sets bits of the mask, and IMC clears them.
        bar0.Write(Intel82574Registers.InterruptMaskClear, new Intel82574Interrupts(uint.MaxValue));
        Assert.False(bar0.Read(Intel82574Registers.InterruptMaskSet).LinkStatusChanged);
        bar0.Write(
            Intel82574Registers.InterruptMaskSet, default(Intel82574Interrupts) with { LinkStatusChanged = true });
        bar0.Write(Intel82574Registers.InterruptMaskSet, default(Intel82574Interrupts) with { ReceiverOverrun = true });
        Intel82574Interrupts mask = bar0.Read(Intel82574Registers.InterruptMaskSet);
        Assert.True(mask is { LinkStatusChanged: true, ReceiverOverrun: true, MdiAccessComplete: false });
        bar0.Write(Intel82574Registers.InterruptMaskClear, new Intel82574Interrupts(uint.MaxValue));
        Assert.False(bar0.Read(Intel82574Registers.InterruptMaskSet).ReceiverOverrun);

        // A cause that was set stays until it is read.
        bar0.Write(
            Intel82574Registers.InterruptCausesSet, default(Intel82574Interrupts) with { ManageabilityEvent = true });
        Assert.True(bar0.Read(Intel82574Registers.InterruptCauses).ManageabilityEvent);
        Assert.False(bar0.Read(Intel82574Registers.InterruptCauses).ManageabilityEvent);
    }

    [Fact]
    public void The_nvme_controller_has_what_its_driver_found()
    {
        string controller = Directory.GetDirectories($"/sys/bus/pci/devices/{Machine.Nvme}/nvme").Single();
        int entries = int.Parse(File.ReadAllText($"{controller}/sqsize"), CultureInfo.InvariantCulture) + 1;
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Nvme));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        NvmeCapabilities capabilities = bar0.Read(NvmeRegisters.Capabilities);

        // The driver's queues have the number of entries that it wants, but never more than the controller supports.
        Assert.InRange(entries, 2, capabilities.MaxQueueEntries);
        Assert.InRange(capabilities.MaxQueueEntries, 2, 65536);
        Assert.Equal(1, capabilities.CommandSets & 1);
        Assert.True(capabilities.MinPageSize <= (ulong)Environment.SystemPageSize
            && (ulong)Environment.SystemPageSize <= capabilities.MaxPageSize);
        Assert.True(capabilities.ReadyTimeout > TimeSpan.Zero);
        Assert.Equal(4, capabilities.DoorbellStride);
        NvmeVersion version = bar0.Read(NvmeRegisters.Version);
        // what QEMU's documentation says of its controller
        Assert.Equal((1, 4, 0), (version.Major, version.Minor, version.Tertiary));

        // The reset at open stopped it; its configuration is kept.
        Assert.False(bar0.Read(NvmeRegisters.Configuration).IsEnabled);
        Assert.False(bar0.Read(NvmeRegisters.Status).IsReady);
        NvmeAdminQueueAttributes queues =
            default(NvmeAdminQueueAttributes) with { SubmissionQueueEntries = 32, CompletionQueueEntries = 64 };
        bar0.Write(NvmeRegisters.AdminQueueAttributes, queues);
        Assert.Equal(0x003f001fu, bar0.ReadUInt32(0x24));
        Assert.Equal(queues, bar0.Read(NvmeRegisters.AdminQueueAttributes));
        bar0.Write(NvmeRegisters.AdminSubmissionQueue, new RawUInt64(0x1_2345_6000));
        Assert.Equal(0x1_2345_6000ul, bar0.Read(NvmeRegisters.AdminSubmissionQueue).Raw);
    }

    [Fact]
    public void Edu_says_what_it_is_inverts_and_computes()
    {
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Edu));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        EduIdentification identification = bar0.Read(EduRegisters.Identification);
        Assert.Equal(0x010000edu, identification.Raw);
        Assert.Equal((1, 0, 0xed), (identification.MajorVersion, identification.MinorVersion, identification.Magic));

        bar0.Write(EduRegisters.Liveness, new RawUInt32(0x12345678));
        Assert.Equal(~0x12345678u, bar0.Read(EduRegisters.Liveness).Raw);

        bar0.Write(EduRegisters.Factorial, new RawUInt32(10));
        WaitFor(() => bar0.Read(EduRegisters.Status), status => !status.IsComputing);
        Assert.Equal(3628800u, bar0.Read(EduRegisters.Factorial).Raw);

        bar0.Write(EduRegisters.InterruptRaise, default(EduInterrupts) with { Dma = true });
        Assert.True(bar0.Read(EduRegisters.InterruptStatus) is { Dma: true, Factorial: false });
        bar0.Write(EduRegisters.InterruptAcknowledge, default(EduInterrupts) with { Dma = true });
        Assert.False(bar0.Read(EduRegisters.InterruptStatus).Dma);

        bar0.Write(EduRegisters.DmaDestination, new RawUInt64(EduRegisters.BufferAddress));
        Assert.Equal(EduRegisters.BufferAddress, bar0.Read(EduRegisters.DmaDestination).Raw);
    }

    [Fact]
    public void The_bochs_display_has_its_interface_and_the_memory_of_its_bar()
    {
        // Start and end of BAR0, as the kernel has assigned them.
        string[] bar0 = File.ReadLines($"/sys/bus/pci/devices/{Machine.Bochs}/resource").First().Split(' ');
        ulong memory = Convert.ToUInt64(bar0[1], 16) - Convert.ToUInt64(bar0[0], 16) + 1;
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Bochs));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar2 = device.OpenRegion(BochsRegisters.Map.Region);
        Assert.Equal(0xb0c5, bar2.Read(BochsRegisters.Identification).Raw);
        Assert.Equal(memory, bar2.Read(BochsRegisters.VideoMemory).Raw * 65536ul);
        Assert.Equal(BochsRegisters.LittleEndian, bar2.Read(BochsRegisters.ByteOrder).Raw);
        Assert.Equal(0x00ffffffffffff00ul, bar2.ReadUInt64(BochsRegisters.Map.Find("EDID_HEADER")!.Offset));

        bar2.Write(BochsRegisters.Width, new RawUInt16(800));
        bar2.Write(BochsRegisters.Height, new RawUInt16(600));
        bar2.Write(BochsRegisters.BitsPerPixel, new RawUInt16(32));
        bar2.Write(BochsRegisters.Enable, default(BochsEnable) with { IsEnabled = true, IsLinear = true });
        Assert.True(bar2.Read(BochsRegisters.Enable) is { IsEnabled: true, IsLinear: true });
        Assert.Equal(800, bar2.Read(BochsRegisters.Width).Raw);
        bar2.Write(BochsRegisters.Enable, default);
    }

    /// <summary>Registers that change by themselves: a clock, and the link, which negotiates after a reset.</summary>
    private static readonly string[] Living = ["SYSTIML", "SYSTIMH", "STATUS"];

    public static TheoryData<string, string> Maps => new()
    {
        { Machine.Nic, nameof(Intel82574Registers) },
        { Machine.Nvme, nameof(NvmeRegisters) },
        { Machine.Edu, nameof(EduRegisters) },
        { Machine.Bochs, nameof(BochsRegisters) },
    };

    [Theory]
    [MemberData(nameof(Maps))]
    public void Registers_without_read_side_effects_can_be_read_and_do_not_change(string address, string map)
    {
        RegisterMap registers = map switch
        {
            nameof(Intel82574Registers) => Intel82574Registers.Map,
            nameof(NvmeRegisters) => NvmeRegisters.Map,
            nameof(EduRegisters) => EduRegisters.Map,
            _ => BochsRegisters.Map,
        };
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(address));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region region = device.OpenRegion(registers.Region);
        foreach (RegisterDescription register in registers.Registers.Where(register => register.CanPeek))
        {
            Assert.True(register.Offset + (ulong)register.Width <= region.Length, register.Name);
            ulong value = Read(region, register);
            Assert.True(value == Read(region, register) || Living.Contains(register.Name), $"{register.Name} changes");
        }
    }

    private static ulong Read(Region region, RegisterDescription register) => register.Width switch
    {
        1 => region.ReadByte(register.Offset),
        2 => region.ReadUInt16(register.Offset),
        4 => region.ReadUInt32(register.Offset),
        _ => region.ReadUInt64(register.Offset),
    };

    private static int ReadPhy(Region bar0, int register)
    {
        bar0.Write(
            Intel82574Registers.MdiControl,
            default(Intel82574MdiControl) with { Operation = 2, PhyAddress = 1, PhyRegister = register });
        Intel82574MdiControl read = WaitFor(() => bar0.Read(Intel82574Registers.MdiControl), value => value.IsReady);
        Assert.False(read.HasError);
        return read.Data;
    }

    private static T WaitFor<T>(Func<T> read, Func<T, bool> isThere)
    {
        T value = default!;
        Assert.True(Machine.Becomes(() => isThere(value = read())), $"still {value}");
        return value;
    }
}
