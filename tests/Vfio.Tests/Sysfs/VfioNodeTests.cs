using Vfio.Host;

namespace Vfio.Tests;

public sealed class VfioNodeTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    private static string[] Paths(FakeDevice device) => [.. VfioNode.GetAll(device.Info).Select(node => node.Path)];

    [Fact]
    public void A_bound_device_has_its_groups_node_and_its_own()
    {
        _host.AddDeviceNodes();
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "vfio-pci", group: 12);
        _host.Write("dev/vfio/12", "");
        _host.Write($"dev/vfio/devices/{device.DeviceNode}", "");
        Assert.Equal(["/dev/vfio/12", $"/dev/vfio/devices/{device.DeviceNode}"], Paths(device));
        Assert.All(
            VfioNode.GetAll(device.Info),
            node => Assert.Equal((Users.EffectiveId, Users.Name(node.UserId)), (node.UserId, node.UserName)));
        Assert.All(VfioNode.GetAll(device.Info), node => Assert.Empty(node.OtherUsers));
        Assert.Equal(0, AccessList.Of(_host.PathOf("dev/vfio/12"))!
            .With(4000000, 6)
            .With(4000001, 4)
            .Write(_host.PathOf("dev/vfio/12")));
        Assert.Equal(["4000000"], VfioNode.GetAll(device.Info)[0].OtherUsers);
    }

    [Fact]
    public void Missing_nodes_are_not_returned()
    {
        _host.AddDeviceNodes();
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "vfio-pci", group: 12);
        File.Delete(_host.PathOf("dev/vfio/12"));
        File.Delete(_host.PathOf($"dev/vfio/devices/{device.DeviceNode}"));
        Assert.Empty(Paths(device));
    }

    [Fact]
    public void A_device_without_a_VFIO_driver_has_none()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "e1000e", group: 12);
        _host.Write("dev/vfio/12", "");
        Assert.Empty(Paths(device));
    }

    [Fact]
    public void Without_an_IOMMU_the_groups_node_says_so()
    {
        FakeDevice device = _host.AddDevice("0000:00:14.3", driver: "vfio-pci", group: 12);
        _host.Write("sys/kernel/iommu_groups/12/name", "vfio-noiommu\n");
        _host.Write("dev/vfio/12", "");
        _host.Write("dev/vfio/noiommu-12", "");
        Assert.Equal(["/dev/vfio/noiommu-12"], Paths(device));
    }
}
