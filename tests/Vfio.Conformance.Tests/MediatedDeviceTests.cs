using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>The kernel's sample devices, through each backend that supports mediated devices.</summary>
[Trait("Backend", "kernel")]
public sealed class MediatedDeviceTests(BoundDevices devices) : MachineTests(devices)
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    public static TheoryData<VfioBackend, string> Ways => new()
    {
        { VfioBackend.Automatic, "iommufd" },
        { VfioBackend.Iommufd, "iommufd" },
        { VfioBackend.Type1v2, "type1v2" },
        { VfioBackend.Type1, "type1" },
        { VfioBackend.CompatibleType1v2, "compatible-type1v2" },
        { VfioBackend.CompatibleType1, "compatible-type1" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_serial_port_keeps_its_scratch_register_and_loops_its_data_back(VfioBackend backend, string name)
    {
        using KernelMdev mdev = new("mtty-1");
        using VfioDevice device = mdev.Open(backend);
        Assert.Equal((name, $"{mdev.Id:D}", default), (device.BackendName, device.Name, device.Address));
        Assert.Equal(
            ("mtty", null, "mtty", "mtty-1", "Single port serial", "vfio-pci"),
            device.MediatedDevice is MediatedDevice info
                ? (info.Parent, info.ParentAddress, info.Driver, info.TypeId, info.TypeName, info.DeviceApi) : default);
        using Region config = device.OpenRegion(RegionIndex.Config);
        Assert.Equal(0x32534348u, config.ReadUInt32(0));
        Assert.Equal(0ul, device.GetRegionInfo(RegionIndex.Bar1).Length);
        using Region port = device.OpenRegion(RegionIndex.Bar0);
        Assert.Equal(8ul, port.Length);
        Mtty.LoopBack(port, 0xa5, 0x5a, 0);
        port.WriteByte(Mtty.Scratch, 0x96);
        Assert.Equal(0x96, port.ReadByte(Mtty.Scratch));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_serial_port_interrupts_by_its_line(VfioBackend backend, string name)
    {
        using KernelMdev mdev = new("mtty-1");
        using VfioDevice device = mdev.Open(backend);
        Assert.Equal(name, device.BackendName);
        using Region port = device.OpenRegion(RegionIndex.Bar0);
        using InterruptVector line = device.Interrupts.Enable(IrqIndex.Intx);
        Assert.Equal(0ul, line.ReadAndClear());
        port.WriteByte(Mtty.FifoControl, 0x01); // 1 byte triggers
        port.WriteByte(Mtty.InterruptEnable, 0x01); // received data
        port.WriteByte(Mtty.Data, 0x42);
        using CancellationTokenSource limit = new(Soon);
        Assert.InRange(await line.WaitAsync(limit.Token), 1ul, 2ul);
        Assert.Equal(0x42, port.ReadByte(Mtty.Data));
        // For the kernel, its level stays raised until it is unmasked.
        Assert.True(line.IsMaskable);
        line.Unmask();
        port.WriteByte(Mtty.Data, 0x43);
        Assert.InRange(line.Wait(Soon), 1ul, 2ul);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_framebuffer_is_mapped_and_shown_in_configuration_space(VfioBackend backend, string name)
    {
        using KernelMdev mdev = new("mdpy-vga");
        using VfioDevice device = mdev.Open(backend);
        Assert.Equal(name, device.BackendName);
        RegionInfo bar0 = device.GetRegionInfo(RegionIndex.Bar0);
        Assert.True(bar0.Length >= 640 * 480 * 4);
        using Region config = device.OpenRegion(RegionIndex.Config);
        Assert.NotEqual(0xffffffff, config.ReadUInt32(0));
        using Region memory = device.OpenRegion(RegionIndex.Bar0);
        using Region again = device.OpenRegion(RegionIndex.Bar0);
        Assert.NotEmpty(bar0.MappableAreas);
        for (ulong at = 0; at < bar0.Length; at += bar0.Length / 16)
        {
            memory.WriteUInt32(at & ~3ul, (uint)at ^ 0x12345678);
        }

        for (ulong at = 0; at < bar0.Length; at += bar0.Length / 16)
        {
            Assert.Equal((uint)at ^ 0x12345678, again.ReadUInt32(at & ~3ul));
        }

        // The same memory through the descriptor; this sample ignores the offset and reads its first bytes.
        using Region trapped = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        Assert.Equal(0x12345678u, trapped.ReadUInt32(0));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_display_has_memory_and_registers(VfioBackend backend, string name)
    {
        using KernelMdev mdev = new("mbochs-small");
        using VfioDevice device = mdev.Open(backend);
        Assert.Equal(name, device.BackendName);
        using Region config = device.OpenRegion(RegionIndex.Config);
        Assert.Equal(0x11111234u, config.ReadUInt32(0));
        Assert.Equal(
            (4ul << 20, 4096ul),
            (device.GetRegionInfo(RegionIndex.Bar0).Length, device.GetRegionInfo(RegionIndex.Bar2).Length));
        using Region memory = device.OpenRegion(RegionIndex.Bar0);
        memory.WriteUInt32(0, 0xcafef00d);
        memory.WriteUInt32((4 << 20) - 4, 0x600df00d);
        Assert.Equal((0xcafef00d, 0x600df00du), (memory.ReadUInt32(0), memory.ReadUInt32((4 << 20) - 4)));
        using Region registers = device.OpenRegion(RegionIndex.Bar2);
        registers.WriteUInt16(0x502, 640); // dispi index 1, the width, at 0x500
        Assert.Equal(640, registers.ReadUInt16(0x502));
    }

    [Fact]
    public void Any_path_that_leads_to_it_opens_it()
    {
        using KernelMdev mdev = new("mtty-2");
        string parent = $"/sys/class/mdev_bus/mtty/{mdev.Id:D}";
        foreach (string path in (string[])[
            mdev.Path,
            $"{mdev.Path}/",
            parent,
            $"/sys/devices/virtual/mtty/mtty/{mdev.Id:D}",
            $"/sys/bus/../bus/mdev/./devices/{mdev.Id:D}",
        ])
        {
            using VfioDevice device = VfioDevice.OpenMediated(path);
            Assert.Equal(
                (mdev.Id, $"/sys/devices/virtual/mtty/mtty/{mdev.Id:D}"),
                (device.MediatedDevice?.Id, device.MediatedDevice?.SysfsPath));
            using Region second = device.OpenRegion(RegionIndex.Bar1);
        }

        Assert.Contains(
            MediatedDevice.GetAll(),
            found => found.Id == mdev.Id && found.ToString() == $"{mdev.Id:D} mtty-2 of mtty (mtty)");
        Assert.Throws<VfioException>(() => VfioDevice.OpenMediated("/sys/class/mdev_bus/mtty"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Descriptors_that_another_program_opened_can_be_used(bool isGroup)
    {
        using KernelMdev mdev = new("mtty-1");
        string node = isGroup
            ? $"/dev/vfio/{File.ResolveLinkTarget($"{mdev.Path}/iommu_group", returnFinalTarget: true)!.Name}"
            : $"/dev/vfio/devices/{Path.GetFileName(Directory.GetDirectories($"{mdev.Path}/vfio-dev")[0])}";
        DeviceHandles Open() => isGroup
            ? DeviceHandles.FromGroup(OpenNode(node), OpenNode("/dev/vfio/vfio"))
            : DeviceHandles.FromDevice(OpenNode(node), OpenNode("/dev/iommu"));
        using (VfioDevice device = VfioDevice.FromHandles(mdev.Id, Open()))
        {
            Assert.Equal(
                (isGroup ? "type1v2" : "iommufd", "mtty-1"), (device.BackendName, device.MediatedDevice?.TypeId));
            using Region port = device.OpenRegion(RegionIndex.Bar0);
            port.WriteByte(Mtty.Scratch, 0x69);
            Assert.Equal(0x69, port.ReadByte(Mtty.Scratch));
        }

        DeviceHandles others = Open();
        Assert.Throws<VfioException>(() => VfioDevice.FromHandles(Guid.NewGuid(), others));
        Assert.Throws<InvalidOperationException>(() => VfioDevice.FromHandles(mdev.Id, others));
        using VfioDevice again = mdev.Open(); // nothing keeps it open
    }

    [Theory]
    [InlineData(VfioBackend.Iommufd, VfioBackend.Iommufd)]
    [InlineData(VfioBackend.Iommufd, VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Type1v2, VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Type1v2, VfioBackend.Iommufd)]
    [InlineData(VfioBackend.CompatibleType1v2, VfioBackend.Iommufd)]
    public void One_that_is_open_names_its_holder(VfioBackend first, VfioBackend second)
    {
        using KernelMdev mdev = new("mtty-1");
        using (VfioDevice device = mdev.Open(first))
        {
            VfioException refusal = Assert.Throws<VfioException>(() => mdev.Open(second));
            Assert.Contains("this process has", refusal.Hint, StringComparison.Ordinal);
        }

        using VfioDevice again = mdev.Open(second);
    }

    [Fact]
    public void What_cannot_be_opened_says_why()
    {
        Guid unknown = Guid.NewGuid();
        using KernelMdev mdev = new("mtty-1");
        VfioException notThere = Assert.Throws<VfioException>(() => VfioDevice.OpenMediated(unknown));
        Assert.Contains("/mdev_supported_types/", notThere.Hint, StringComparison.Ordinal);
        using (VfioDevice device = mdev.Open())
        {
            Assert.Equal(
                Errno.ENOTTY, Assert.Throws<VfioException>(() => device.SetVirtualFunctionToken(unknown)).Errno);
        }

        File.WriteAllText("/sys/bus/mdev/drivers/mtty/unbind", $"{mdev.Id:D}");
        VfioException noDriver = Assert.Throws<VfioException>(() => mdev.Open());
        Assert.Contains("the device has no driver", noDriver.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_without_access_is_told_how_to_get_it()
    {
        using KernelMdev mdev = new("mtty-1");
        using ChildProgram stranger = ChildProgram.StartAs(
            "user", "user", limitMiB: 8, "be-refused-mediated", $"{mdev.Id}");
        stranger.Finish($"as user: refused {mdev.Id}");
    }

    [Theory]
    [InlineData(VfioBackend.Iommufd)]
    [InlineData(VfioBackend.Type1v2)]
    public void Memory_is_mapped_for_it_as_for_any_device_and_a_pci_device_may_share_it(VfioBackend backend)
    {
        using KernelEdu edu = new(backend, Devices);
        using KernelMdev mdev = new("mtty-1");
        using VfioDevice device = mdev.Open(backend);
        using DmaBuffer buffer = device.AddressSpace.Allocate(8192);
        Assert.Equal(1, device.AddressSpace.GetUsage().Mappings);
        using VfioDevice pci = edu.Open(options => options with { AddressSpace = device.AddressSpace });
        using Region bar0 = EduDma.Prepare(pci);
        EduDma.ReadMemory(bar0, buffer.Iova, 64);
        Assert.Empty(device.GetFaults());
    }

    private static SafeFileHandle OpenNode(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
}
