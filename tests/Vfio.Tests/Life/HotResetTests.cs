using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// The devices that a bus reset affects, and whether it is allowed; the kernel's answers are scripted.
/// </summary>
public sealed class HotResetTests : IDisposable
{
    private const string One = "0000:03:01.0";
    private const string Two = "0000:03:02.0";
    private static readonly PciAddress First = PciAddress.Parse(One);
    private static readonly PciAddress Second = PciAddress.Parse(Two);

    private readonly FakeHost _host = new();
    private readonly ScriptedBackend _backend = new();
    private readonly ScriptedBackend _other = new();

    public void Dispose()
    {
        _host.Dispose();
        _backend.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void Devices_of_one_group_are_ours_by_it_when_a_vfio_driver_has_them()
    {
        _host.AddDevice(One, driver: "vfio-pci", group: 13);
        _host.AddDevice(Two, driver: "vfio-pci", group: 13);
        _backend.HotResetInfo = () => Groups((First, 13), (Second, 13));
        using VfioDevice device = Open();
        HotResetPlan plan = device.PlanHotReset();
        Assert.True(plan.IsAllowed);
        Assert.Empty(plan.Refusals);
        Assert.Equal(
            [(First, "vfio-pci", true, "this program"), (Second, "vfio-pci", true, "this program, through its group")],
            plan.Devices.Select(Describe));
    }

    [Theory]
    [InlineData("e1000e", "the driver e1000e")]
    [InlineData(null, "no driver")]
    public void A_device_without_a_vfio_driver_prevents_the_bus_reset_even_in_our_group(string? driver, string owner)
    {
        _host.AddDevice(One, driver: "vfio-pci", group: 13);
        _host.AddDevice(Two, driver: driver, group: 13);
        _backend.HotResetInfo = () => Groups((Second, 13), (First, 13));
        bool wasReset = false;
        _backend.HotResetting = _ => wasReset = true;
        using VfioDevice device = Open();
        HotResetPlan plan = device.PlanHotReset();
        Assert.Equal((Second, driver, false, owner), Describe(plan.Devices[1]));
        Assert.Equal(
            $"the reset of the bus would also reset {Two} ({owner}), which is not available to this program",
            plan.Refusals[0].Explanation);
        Assert.Equal("bind all of them to vfio-pci, and open them too", plan.Refusals[0].Hint);
        VfioException refusal = Assert.Throws<VfioException>(plan.Execute);
        Assert.Equal(
            ("VFIO_DEVICE_PCI_HOT_RESET", One, plan.Refusals[0].Hint),
            (refusal.Operation, refusal.Subject, refusal.Hint));
        Assert.False(wasReset);
    }

    [Fact]
    public void A_device_of_another_group_is_ours_when_it_is_given()
    {
        _host.AddDevice(One, driver: "vfio-pci", group: 13);
        _host.AddDevice(Two, driver: "vfio-pci", group: 14);
        _backend.HotResetInfo = () => Groups((First, 13), (Second, 14));
        IReadOnlyList<IDeviceBackend>? proof = null;
        _backend.HotResetting = owned => proof = owned;
        using VfioDevice device = Open();
        using VfioDevice other = new(_other, Second);
        HotResetPlan without = device.PlanHotReset();
        Assert.Equal((false, "free"), (without.IsAllowed, without.Devices[1].DescribeOwner()));
        Assert.Contains("open them too", without.Refusals[0].Hint, StringComparison.Ordinal);
        HotResetPlan plan = device.PlanHotReset(other, device);
        Assert.True(plan.IsAllowed, string.Join('\n', plan.Refusals));
        plan.Execute();
        Assert.Equal([_backend, _other], proof!);
    }

    [Fact]
    public void A_device_of_another_bus_is_not_part_of_the_proof()
    {
        _host.AddDevice(One, driver: "vfio-pci", group: 13);
        _backend.HotResetInfo = () => Groups((First, 13));
        IReadOnlyList<IDeviceBackend>? proof = null;
        _backend.HotResetting = owned => proof = owned;
        using VfioDevice device = Open();
        using VfioDevice other = new(_other, PciAddress.Parse("0000:05:00.0"));
        device.PlanHotReset(other).Execute();
        Assert.Equal([_backend], proof!);
    }

    [Fact]
    public void The_holder_of_a_foreign_device_is_named()
    {
        _host.AddDevice(One, driver: "vfio-pci", group: 13);
        FakeDevice stranger = _host.AddDevice(Two, driver: "vfio-pci", group: 14);
        Hold(4711, "qemu", $"/dev/vfio/{stranger.Group}");
        _backend.HotResetInfo = () => Groups((First, 13), (Second, 14));
        using VfioDevice device = Open();
        HotResetPlan plan = device.PlanHotReset();
        Assert.StartsWith("pid 4711 (qemu", plan.Devices[1].DescribeOwner(), StringComparison.Ordinal);
        Assert.Contains("pid 4711", plan.Refusals[0].Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void With_iommufd_the_kernel_reports_the_owners()
    {
        _host.AddDevice(One, driver: "vfio-pci", group: 13);
        _host.AddDevice(Two, driver: "vfio-pci", group: 13);
        _backend.HotResetInfo = () => new HotResetInfo(
            true, true, [Entry(First, owned: true, open: true), Entry(Second, owned: true, open: false)]);
        using VfioDevice device = Open();
        HotResetPlan plan = device.PlanHotReset();
        Assert.True(plan.IsAllowed);
        Assert.Equal(
            ["this program", "this program, through its group"], plan.Devices.Select(found => found.DescribeOwner()));
        _backend.HotResetInfo = () => new HotResetInfo(
            true, false, [Entry(First, owned: true, open: true), Entry(Second, owned: false, open: false)]);
        using VfioDevice other = new(_other, Second);
        HotResetPlan refused = device.PlanHotReset(other);
        Assert.Equal(
            (false, "this program, in another address space"), (refused.IsAllowed, refused.Devices[1].DescribeOwner()));
        Assert.Contains("VfioOpenOptions.AddressSpace", refused.Refusals[0].Hint, StringComparison.Ordinal);
        // The state at the time of the reset counts.
        Assert.Throws<VfioException>(plan.Execute);
    }

    [Fact]
    public void The_kernels_word_on_the_whole_counts_too()
    {
        _backend.HotResetInfo = () => new HotResetInfo(true, false, [Entry(First, owned: true, open: true)]);
        using VfioDevice device = Open();
        Assert.False(device.PlanHotReset().IsAllowed);
        _backend.HotResetInfo = () => new HotResetInfo(true, true, []);
        Assert.False(device.PlanHotReset().IsAllowed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Virtual_functions_prevent_the_bus_reset_of_their_card_whatever_their_driver(bool tellsOwners)
    {
        FakeDevice card = _host.AddDevice(One, driver: "vfio-pci", group: 13);
        FakeDevice function = _host.AddDevice(Two, driver: "vfio-pci", group: 14);
        _host.Link($"{function.Path}/physfn", card.Path);
        _backend.HotResetInfo = () => tellsOwners
            ? new HotResetInfo(
                true, false, [Entry(First, owned: true, open: true), Entry(Second, owned: false, open: false)])
            : Groups((First, 13), (Second, 14));
        using VfioDevice device = Open();
        using VfioDevice other = new(_other, Second);
        HotResetPlan plan = device.PlanHotReset(other);
        Assert.Equal((Second, "vfio-pci", false, "a virtual function"), Describe(plan.Devices[1]));
        Assert.Contains("sriov_numvfs", plan.Refusals[0].Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_foreign_devices_are_counted_and_one_named_twice_is_one()
    {
        _backend.HotResetInfo = () => Groups(
            [
                (First, 13),
                .. Enumerable.Range(0, 8).Select(i => (new PciAddress(0, 3, 4, (byte)i), 20u + (uint)i)),
                (new PciAddress(0, 3, 4, 0), 20u),
            ]);
        using VfioDevice device = new(_backend, First);
        HotResetPlan plan = device.PlanHotReset();
        Assert.Equal(9, plan.Devices.Count);
        Assert.EndsWith(
            "0000:03:04.3 (unknown) and 4 more, which are not available to this program",
            plan.Refusals[0].Explanation,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_bus_that_cannot_be_reset_is_an_error()
    {
        using VfioDevice device = Open();
        Assert.Equal(Errno.ENODEV, Assert.Throws<VfioException>(() => device.PlanHotReset()).Errno);
        using VfioDevice memory = new(new MemoryBackend(), First);
        Assert.Throws<NotSupportedException>(() => memory.PlanHotReset());
    }

    [Fact]
    public void A_disposed_device_plans_nothing()
    {
        VfioDevice device = Open();
        using VfioDevice other = new(_other, Second);
        Assert.Throws<ArgumentNullException>(() => device.PlanHotReset(null!));
        Assert.Throws<ArgumentNullException>(() => device.PlanHotReset(other, null!));
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.PlanHotReset());
        Assert.Throws<ObjectDisposedException>(() => other.PlanHotReset(device));
    }

    [Fact]
    public void Without_a_bridge_above_it_a_device_has_no_bus_to_reset()
    {
        using EventFd counter = new();
        using DeviceFile file = new(new SystemCalls(_ => Errno.ENODEV), counter.Handle, One, "test");
        Assert.Contains(
            "there is no bridge above the device",
            Assert.Throws<VfioException>(file.GetHotResetInfo).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO", Errno.EPERM, "no IOMMU group")]
    [InlineData("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO", Errno.ENOSPC, null)]
    [InlineData("VFIO_DEVICE_PCI_HOT_RESET", Errno.EINVAL, "does not belong to this program")]
    [InlineData("VFIO_DEVICE_PCI_HOT_RESET", Errno.EAGAIN, "try again")]
    [InlineData("VFIO_DEVICE_IOEVENTFD", Errno.ENOSPC, "1000")]
    [InlineData("VFIO_DEVICE_IOEVENTFD", Errno.EINVAL, "MSI-X")]
    public void Each_call_that_fails_is_named_with_what_to_do(string call, int errno, string? hint)
    {
        using EventFd counter = new();
        using DeviceFile file = new(new SystemCalls(name => name == call ? errno : 0), counter.Handle, One, "test");
        RegionInfo bar = new(RegionIndex.Bar0, 0x1000, true, true, [], 0);
        VfioException failure = Assert.Throws<VfioException>(() =>
        {
            switch (call)
            {
                case "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO": file.GetHotResetInfo(); break;
                case "VFIO_DEVICE_PCI_HOT_RESET": file.HotReset([file]); break;
                default: file.SetWriteOnEvent(bar, 0, 4, 1, counter.Handle); break;
            }
        });
        Assert.Equal((call, errno), (failure.Operation, failure.Errno));
        Assert.True(
            hint is null ? failure.Hint is null : failure.Hint!.Contains(hint, StringComparison.Ordinal), failure.Hint);
    }

    private static (PciAddress?, string?, bool, string) Describe(HotResetDevice device) =>
        (device.Address, device.Driver, device.IsOwned, device.DescribeOwner());

    private static HotResetInfo Groups(params (PciAddress Address, uint Group)[] devices) =>
        new(false, false, [.. devices.Select(device => new HotResetEntry(device.Address, device.Group, false, false))]);

    private static HotResetEntry Entry(PciAddress address, bool owned, bool open) => new(address, null, owned, open);

    private VfioDevice Open() => new(_backend, First, name: null, space: null, _host.Root);

    private void Hold(int process, string command, string node)
    {
        _host.Write($"proc/{process}/comm", command + "\n");
        _host.Write($"proc/{process}/status", "Name:\tx\nUid:\t1000\t1000\t1000\t1000\n");
        Directory.CreateDirectory(_host.PathOf($"proc/{process}/fd"));
        File.CreateSymbolicLink(_host.PathOf($"proc/{process}/fd/7"), node);
    }
}
