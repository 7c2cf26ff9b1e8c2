using Vfio.Pci;

namespace Vfio.Tests;

public sealed class MediatedDeviceTests : IDisposable
{
    private const string Id = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    private const string OnPci = "sys/devices/pci0000:00/0000:00:02.0";
    private const string OnNothing = "sys/devices/virtual/mtty/mtty";

    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void It_returns_what_sysfs_shows()
    {
        Add(OnPci, "i915-GVTg_V5_4", "GVTg_V5_4\n", driver: "vfio_mdev", group: 7);
        MediatedDevice device = Assert.Single(MediatedDevice.GetAll(_host.Root));
        Assert.Equal(
            (Guid.Parse(Id), $"/{OnPci}/{Id}", "0000:00:02.0", PciAddress.Parse("0000:00:02.0")),
            (device.Id, device.SysfsPath, device.Parent, device.ParentAddress));
        Assert.Equal(
            ("vfio_mdev", "i915-GVTg_V5_4", "GVTg_V5_4", "vfio-pci", 7),
            (device.Driver, device.TypeId, device.TypeName, device.DeviceApi, device.IommuGroup));
        Assert.Equal($"{Id} i915-GVTg_V5_4 of 0000:00:02.0 (vfio_mdev)", device.ToString());
    }

    [Fact]
    public void Values_that_sysfs_does_not_show_are_null()
    {
        _host.Write($"{OnNothing}/{Id}/uevent", "");
        _host.Link($"sys/bus/mdev/devices/{Id}", $"{OnNothing}/{Id}");
        MediatedDevice device = MediatedDevice.Find(Guid.Parse(Id), _host.Root)!;
        Assert.Equal(
            (null, null, null, null, null, null),
            (device.ParentAddress, device.Driver, device.TypeId, device.TypeName, device.DeviceApi, device.IommuGroup));
        Assert.Equal($"{Id} ? of mtty (no driver)", device.ToString());
    }

    [Fact]
    public void Names_of_drivers_do_not_control_the_terminal_or_fill_it()
    {
        Add(OnNothing, "mtty-1", "Port\u001b[31m" + new string('x', 5000), driver: "mtty", group: 1);
        string name = MediatedDevice.Find(Guid.Parse(Id), _host.Root)!.TypeName!;
        Assert.StartsWith("Port?[31mxxx", name, StringComparison.Ordinal);
        Assert.Equal(128, name.Length);
    }

    [Theory]
    [InlineData("83B8F4F2-509F-382F-3C1E-E6BFE0FA1001")]
    [InlineData("{83b8f4f2-509f-382f-3c1e-e6bfe0fa1001}")]
    [InlineData("83b8f4f2509f382f3c1ee6bfe0fa1001")]
    [InlineData("not-a-uuid")]
    public void Folders_that_are_not_named_by_a_uuid_as_the_kernel_writes_it_are_ignored(string name)
    {
        _host.Write($"{OnNothing}/{name}/uevent", "");
        _host.Link($"sys/bus/mdev/devices/{name}", $"{OnNothing}/{name}");
        Assert.Empty(MediatedDevice.GetAll(_host.Root));
        Assert.Contains(
            "does not lead to a mediated device",
            Refusal($"/sys/bus/mdev/devices/{name}").Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_that_leads_out_of_sys_devices_is_ignored()
    {
        _host.Write($"tmp/{Id}/uevent", "");
        _host.Link($"sys/bus/mdev/devices/{Id}", $"tmp/{Id}");
        Assert.Empty(MediatedDevice.GetAll(_host.Root));
        Refusal($"/sys/bus/mdev/devices/{Id}");
        Refusal($"/tmp/{Id}");
    }

    [Fact]
    public void A_folder_of_the_same_uuid_elsewhere_is_not_the_device()
    {
        Add(OnNothing, "mtty-1", "Port", driver: "mtty", group: 1);
        _host.Write($"sys/devices/virtual/other/{Id}/uevent", "");
        Assert.Contains(
            "no mediated device has this UUID",
            Refusal($"/sys/devices/virtual/other/{Id}").Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sys/devices")]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/sys/devices/../../etc/passwd")]
    [InlineData("/sys/bus/mdev/devices/\0")]
    [InlineData("/sys/loop/x")]
    public void Paths_that_lead_nowhere_are_refused(string path)
    {
        File.CreateSymbolicLink(_host.PathOf("sys/loop"), "loop");
        Assert.ThrowsAny<Exception>(() => VfioDevice.OpenMediated(path, new VfioOpenOptions { Host = _host.Root }));
        if (path.Length != 0)
        {
            Refusal(path);
        }

        Refusal("/sys/" + new string('x', 5000));
    }

    [Theory]
    [InlineData("/sys/bus/mdev/devices/" + Id)]
    [InlineData("/sys/class/mdev_bus/mtty/" + Id)]
    [InlineData("/" + OnNothing + "/" + Id + "/")]
    [InlineData("/sys/../sys/./bus/mdev//devices/" + Id)]
    [InlineData("/absolute/" + Id)]
    public void Every_path_that_leads_to_it_finds_it(string path)
    {
        Add(OnNothing, "mtty-1", "Port", driver: "mtty", group: 1);
        _host.Link("sys/class/mdev_bus/mtty", OnNothing);
        File.CreateSymbolicLink(_host.PathOf("absolute"), $"/{OnNothing}");
        Assert.Equal(Guid.Parse(Id), MediatedDevice.Get(path, _host.Root).Id);
    }

    [Fact]
    public void Missing_parts_are_reported_with_a_hint()
    {
        Assert.Contains("modprobe mdev", Refusal().Hint, StringComparison.Ordinal);
        Directory.CreateDirectory(_host.PathOf("sys/bus/mdev/devices"));
        Assert.Contains("no driver that makes mediated devices is loaded", Refusal().Hint, StringComparison.Ordinal);
        _host.Link("sys/class/mdev_bus/mtty", OnNothing);
        Assert.Contains("tee /sys/class/mdev_bus/PARENT", Refusal().Hint, StringComparison.Ordinal);
        Add(OnNothing, "mtty-1", "Port", driver: null, group: null);
        Assert.Contains("the device has no driver", Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_not_a_vfio_or_pci_device_is_refused()
    {
        Add(OnNothing, "mtty-1", "Port", driver: "other", group: null);
        Assert.Contains("its driver, other, is not a VFIO driver", Refusal().Message, StringComparison.Ordinal);
        _host.Link($"{OnNothing}/{Id}/iommu_group", "sys/kernel/iommu_groups/5");
        _host.Write($"{OnNothing}/mdev_supported_types/mtty-1/device_api", "vfio-ccw\n");
        Assert.Contains("it is a vfio-ccw device", Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_and_noiommu_are_refused()
    {
        Add(OnNothing, "mtty-1", "Port", driver: "mtty", group: 1);
        Assert.Throws<ArgumentException>(() => VfioDevice.OpenMediated(
            Guid.Parse(Id), new VfioOpenOptions { Host = _host.Root, VirtualFunctionToken = Guid.NewGuid() }));
        VfioException refusal = Assert.Throws<VfioException>(
            () => VfioDevice.OpenMediated(
                Guid.Parse(Id), new VfioOpenOptions { Host = _host.Root, Backend = VfioBackend.NoIommu }));
        Assert.Contains("always has an address space", refusal.Message, StringComparison.Ordinal);
    }

    private VfioException Refusal(string? path = null)
    {
        VfioOpenOptions options = new() { Host = _host.Root };
        return Assert.Throws<VfioException>(() => path is null
            ? VfioDevice.OpenMediated(Guid.Parse(Id), options)
            : VfioDevice.OpenMediated(path, options));
    }

    private void Add(string parent, string type, string typeName, string? driver, int? group)
    {
        string folder = $"{parent}/{Id}";
        _host.Write($"{folder}/uevent", "");
        _host.Link($"sys/bus/mdev/devices/{Id}", folder);
        _host.Write($"{parent}/mdev_supported_types/{type}/name", typeName);
        _host.Write($"{parent}/mdev_supported_types/{type}/device_api", "vfio-pci\n");
        _host.Link($"{folder}/mdev_type", $"{parent}/mdev_supported_types/{type}");
        if (driver is not null)
        {
            _host.Link($"{folder}/driver", $"sys/bus/mdev/drivers/{driver}");
        }

        if (group is not null)
        {
            _host.Link($"{folder}/iommu_group", $"sys/kernel/iommu_groups/{group}");
        }
    }
}
