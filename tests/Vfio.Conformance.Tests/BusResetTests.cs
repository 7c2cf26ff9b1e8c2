using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Resets of buses with several devices: in one IOMMU group behind a conventional bridge, and in one group each, like a
/// card's virtual functions.
/// </summary>
[Trait("Backend", "kernel")]
public sealed class BusResetTests(BoundDevices devices) : MachineTests(devices)
{
    private const string Bus = "/sys/bus/pci";
    private const string Igb = "0000:01:00.0";
    private static readonly PciAddress Edu = PciAddress.Parse("0000:03:01.0");
    private static readonly PciAddress Nic = PciAddress.Parse("0000:03:02.0");

    [Theory]
    [InlineData(VfioBackend.Iommufd)]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Type1)]
    [InlineData(VfioBackend.CompatibleType1v2)]
    public void Both_devices_of_a_bridge_are_listed_and_reset_when_both_are_ours(VfioBackend backend)
    {
        KernelEdu.Require(backend);
        Devices.Bind($"{Edu}");
        Devices.Bind($"{Nic}");
        using VfioDevice edu = Open(Edu, backend);
        // The other device is ours, by its group or by iommufd, without being open.
        HotResetPlan plan = edu.PlanHotReset();
        Assert.Equal(
            [(Edu, "vfio-pci", true, "this program"), (Nic, "vfio-pci", true, "this program, through its group")],
            plan.Devices.Select(Describe));
        Assert.True(plan.IsAllowed, string.Join('\n', plan.Refusals));
        using VfioDevice nic = VfioDevice.Open(Nic, new VfioOpenOptions { AddressSpace = edu.AddressSpace });
        plan = edu.PlanHotReset(nic);
        Assert.All(plan.Devices, device => Assert.Equal("this program", device.DescribeOwner()));
        using Region bar0 = edu.OpenRegion(RegionIndex.Bar0);
        using Region config = edu.OpenRegion(RegionIndex.Config);
        config.WriteUInt16(4, (ushort)(config.ReadUInt16(4) | 0x400));
        bar0.WriteUInt32(0x60, 1);
        Assert.Equal(8, config.ReadUInt16(6) & 8);
        plan.Execute();
        Assert.Equal((0x010000edu, 0), (bar0.ReadUInt32(0), config.ReadUInt16(6) & 8));
        using Region other = nic.OpenRegion(RegionIndex.Config);
        Assert.Equal(0x10411af4u, other.ReadUInt32(0));
        // Both give the same answers, and a device that did not answer before does so after the reset.
        ushort command = config.ReadUInt16(4);
        config.WriteUInt16(4, (ushort)(command & ~2));
        Assert.Equal((uint.MaxValue, DeviceState.Unavailable), (bar0.ReadUInt32(0), edu.GetState()));
        config.WriteUInt16(4, command);
        nic.PlanHotReset(edu).Execute();
        Assert.Equal((0x010000edu, DeviceState.Available), (bar0.ReadUInt32(0), edu.GetState()));
    }

    [Theory]
    [InlineData(VfioBackend.Iommufd)]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.CompatibleType1v2)]
    public void It_is_refused_if_only_one_device_is_bound_and_the_kernel_agrees(VfioBackend backend)
    {
        KernelEdu.Require(backend);
        Devices.Bind($"{Edu}");
        Devices.Release(Nic);
        // A device without a driver does not prevent the use of its group.
        File.WriteAllText($"{Bus}/drivers/virtio-pci/unbind", $"{Nic}");
        try
        {
            using (VfioDevice edu = Open(Edu, backend))
            {
                HotResetPlan plan = edu.PlanHotReset();
                Assert.Equal((2, false), (plan.Devices.Count, plan.IsAllowed));
                Assert.Equal((Nic, null, false, "no driver"), Describe(plan.Devices[1]));
                Assert.Contains(
                    $"{Nic} (no driver), which is not available to this program",
                    plan.Refusals[0].Explanation,
                    StringComparison.Ordinal);
                Assert.Equal("bind all of them to vfio-pci, and open them too", plan.Refusals[0].Hint);
                Assert.Throws<VfioException>(plan.Execute);
            }

            AskKernel(backend);
        }
        finally
        {
            File.WriteAllText($"{Bus}/drivers/virtio-pci/bind", $"{Nic}");
        }
    }

    [Theory]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Iommufd)]
    [InlineData(VfioBackend.CompatibleType1v2)]
    public void Functions_of_several_groups_are_reset_together_when_all_groups_are_ours(VfioBackend backend)
    {
        using CardOfSeveralGroups card = new(backend, Devices);
        using VfioDevice edu = Open(card.All[0], backend);
        HotResetPlan alone = edu.PlanHotReset();
        // more than the buffer of the first call can hold
        Assert.Equal(card.All, alone.Devices.Select(device => device.Address!.Value));
        Assert.Equal((false, "this program"), (alone.IsAllowed, alone.Devices[0].DescribeOwner()));
        Assert.All(alone.Devices.Skip(1), device => Assert.Equal("free", device.DescribeOwner()));
        Assert.Throws<VfioException>(alone.Execute);
        // With groups, each may have its own container; with iommufd, one IOAS contains them all.
        VfioOpenOptions options =
            new() { Backend = backend, AddressSpace = backend == VfioBackend.Iommufd ? edu.AddressSpace : null };
        List<VfioDevice> others = [];
        try
        {
            foreach (PciAddress address in card.All.Skip(1))
            {
                Assert.False(edu.PlanHotReset([.. others]).IsAllowed);
                others.Add(VfioDevice.Open(address, options));
            }

            HotResetPlan plan = edu.PlanHotReset([.. others]);
            Assert.True(plan.IsAllowed, string.Join('\n', plan.Refusals));
            using Region bar0 = edu.OpenRegion(RegionIndex.Bar0);
            using Region config = edu.OpenRegion(RegionIndex.Config);
            config.WriteUInt16(4, (ushort)(config.ReadUInt16(4) | 0x400));
            bar0.WriteUInt32(0x60, 1);
            Assert.Equal(8, config.ReadUInt16(6) & 8);
            plan.Execute();
            Assert.Equal((0x010000edu, 0), (bar0.ReadUInt32(0), config.ReadUInt16(6) & 8));
            others[0].PlanHotReset([edu, .. others]).Execute();
            // If one of them is missing, the reset is refused.
            others[^1].Dispose();
            Assert.Throws<VfioException>(() => edu.PlanHotReset([.. others[..^1]]).Execute());
        }
        finally
        {
            others.ForEach(device => device.Dispose());
        }
    }

    [Fact]
    public void Devices_in_two_address_spaces_of_iommufd_are_not_reset_together()
    {
        using CardOfSeveralGroups card = new(VfioBackend.Iommufd, Devices);
        using VfioDevice edu = Open(card.All[0], VfioBackend.Iommufd);
        using VfioDevice other = Open(card.All[1], VfioBackend.Iommufd);
        HotResetPlan plan = edu.PlanHotReset(other);
        Assert.Equal(
            (false, "this program, in another address space"), (plan.IsAllowed, plan.Devices[1].DescribeOwner()));
        Assert.Contains("VfioOpenOptions.AddressSpace", plan.Refusals[0].Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Iommufd)]
    public void A_bus_with_virtual_functions_is_not_reset(VfioBackend backend)
    {
        KernelEdu.Require(backend);
        Assert.SkipUnless(Directory.Exists($"{Bus}/devices/{Igb}"), "this QEMU has no igb");
        PciAddress physical = Devices.Bind(Igb); // and vfio-pci is loaded
        File.WriteAllText("/sys/module/vfio_pci/parameters/enable_sriov", "Y");
        Guid token = Guid.NewGuid();
        using VfioDevice owner = Open(physical, backend);
        owner.SetVirtualFunctionToken(token);
        File.WriteAllText($"{Bus}/devices/{Igb}/sriov_numvfs", "1");
        try
        {
            PciAddress function = PciAddress.Parse(
                Path.GetFileName(new FileInfo($"{Bus}/devices/{Igb}/virtfn0").LinkTarget!));
            using DriverBinding taken = DriverBinding.Bind(function);
            using VfioDevice open = VfioDevice.Open(
                function, new VfioOpenOptions
                {
                    Backend = backend,
                    AddressSpace = owner.AddressSpace,
                    VirtualFunctionToken = token,
                });
            HotResetPlan plan = owner.PlanHotReset(open);
            Assert.Equal(
                (2, false, "a virtual function"),
                (plan.Devices.Count, plan.IsAllowed, plan.Devices[1].DescribeOwner()));
            Assert.Contains("sriov_numvfs", plan.Refusals[0].Hint, StringComparison.Ordinal);
        }
        finally
        {
            File.WriteAllText($"{Bus}/devices/{Igb}/sriov_numvfs", "0");
        }
    }

    [Fact]
    public void A_device_of_a_root_bus_has_no_bus_to_reset()
    {
        KernelEdu.Require(VfioBackend.Automatic);
        using VfioDevice device = VfioDevice.Open(Devices.Bind("0000:00:03.0"));
        VfioException failure = Assert.Throws<VfioException>(() => device.PlanHotReset());
        Assert.Equal("reset the bus of", failure.Operation);
        Assert.Contains("no bridge", failure.Message, StringComparison.Ordinal);
        Assert.Contains("only this device", failure.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(VfioBackend.Type1v2, "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO")]
    [InlineData(VfioBackend.Type1v2, "VFIO_DEVICE_PCI_HOT_RESET")]
    [InlineData(VfioBackend.Iommufd, "VFIO_DEVICE_PCI_HOT_RESET")]
    public void A_failing_call_is_named_and_the_device_still_works(VfioBackend backend, string call)
    {
        using KernelEdu machine = new(backend, Devices);
        bool fails = false;
        using VfioDevice device = machine.Open(
            options => options with { Calls = new SystemCalls(name => fails && name == call ? Errno.EIO : 0) });
        HotResetPlan plan = device.PlanHotReset();
        fails = true;
        VfioException failure = Assert.Throws<VfioException>(plan.Execute);
        Assert.Equal((call, Errno.EIO), (failure.Operation, failure.Errno));
        fails = false;
        plan.Execute();
    }

    private static VfioDevice Open(PciAddress address, VfioBackend backend) =>
        VfioDevice.Open(address, new VfioOpenOptions { Backend = backend });

    // Bypasses the check of the library.
    private static void AskKernel(VfioBackend backend)
    {
        SystemCalls calls = new();
        using IHostAddressSpace space = backend == VfioBackend.Iommufd
            ? new IommufdSpace(calls, HostRoot.Default, IommufdSpace.OpenIommufd(calls, HostRoot.Default))
            : new Type1Space(
                calls,
                HostRoot.Default,
                Type1Container.Open(calls, HostRoot.Default, isIommufd: backend == VfioBackend.CompatibleType1v2),
                [Type1Model.Two]);
        using IDeviceBackend device = space.Open(new PciBus().Get(Edu), node: null, token: null);
        Assert.Equal(
            "VFIO_DEVICE_PCI_HOT_RESET",
            Assert.Throws<VfioException>(() => ((IBusReset)device).HotReset([device])).Operation);
    }

    private static (PciAddress?, string?, bool, string) Describe(HotResetDevice device) =>
        (device.Address, device.Driver, device.IsOwned, device.DescribeOwner());
}
