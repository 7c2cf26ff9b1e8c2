using Vfio.Host;

namespace Vfio.Tests;

// The nodes through which a bound device can be opened, and by whom.
public sealed partial class DeviceDiagnosisTests
{
    [Fact]
    public void A_bound_card_can_be_used()
    {
        Take();
        HostDiagnosis diagnosis = Examine();
        Assert.All(diagnosis.Findings, finding => Assert.True(finding.Level == FindingLevel.Ok, finding.ToString()));
        Assert.Equal(
            "this user can open it through /dev/vfio/devices/vfio0 and /dev/iommu", Find(FindingTopic.Nodes).Message);
        File.Delete(_host.PathOf("dev/iommu"));
        Assert.Equal("this user can open it through /dev/vfio/7 and /dev/vfio/vfio", Find(FindingTopic.Nodes).Message);
        File.Delete(_host.PathOf("dev/vfio/vfio"));
        Assert.Equal((FindingTopic.Nodes, "neither /dev/vfio/vfio nor /dev/iommu exists"), Blocking());
        File.Delete(_host.PathOf("dev/vfio/7"));
        File.Delete(_host.PathOf("dev/vfio/devices/vfio0"));
        Assert.Equal(
            (FindingTopic.Nodes, "/dev/vfio/devices/vfio0 does not exist here, although the kernel has it"),
            Blocking());
    }

    [Fact]
    public void A_stale_node_is_distinguished_from_the_kernels()
    {
        Take();
        DeviceFacts device = DeviceFacts.Read(_host.Root, Card.Info) with { OwnNode = null };
        HostNode stale = new("/dev/vfio/7", "root", MayUse: true)
        {
            Trouble = "belongs to another device: its number is 240:1, and the kernel's is 240:0",
        };
        Finding finding = Assert.Single(
            HostDiagnosis.Judge(HostFacts.Read(_host.Root), device with { GroupNode = stale }),
            finding => finding.Topic == FindingTopic.Nodes);
        Assert.Equal(
            (
                FindingLevel.Error,
                "/dev/vfio/7 belongs to another device: its number is 240:1, and the kernel's is 240:0"),
            (finding.Level, finding.Message));
        Assert.Contains("--device", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_that_root_may_not_open_are_a_containers()
    {
        Take();
        DeviceFacts device = DeviceFacts.Read(_host.Root, Card.Info) with
        {
            OwnNode = null,
            GroupNode = new HostNode("/dev/vfio/7", "root", MayUse: false),
        };
        Finding finding = Assert.Single(
            HostDiagnosis.Judge(HostFacts.Read(_host.Root) with { IsRoot = true }, device),
            finding => finding.Topic == FindingTopic.Nodes);
        Assert.Equal("not even root can open /dev/vfio/7", finding.Message);
        Assert.Null(finding.Command);
    }

    [Theory]
    [InlineData(true, true, true, true, true)]
    [InlineData(false, false, true, true, true)]
    [InlineData(true, true, false, false, true)]
    [InlineData(true, false, true, false, false)]
    [InlineData(false, true, false, true, false)]
    [InlineData(false, false, false, false, false)]
    public void Either_both_nodes_of_the_group_or_both_of_the_device_are_needed(
        bool group, bool container, bool own, bool iommufd, bool isUsable)
    {
        Take();
        HostNode Node(string path, bool mayUse) => new(path, "root", mayUse);
        HostFacts host = HostFacts.Read(_host.Root) with
        {
            ContainerNode = Node("/dev/vfio/vfio", container),
            IommufdNode = Node("/dev/iommu", iommufd),
        };
        DeviceFacts device = DeviceFacts.Read(_host.Root, Card.Info) with
        {
            GroupNode = Node("/dev/vfio/7", group),
            OwnNode = Node("/dev/vfio/devices/vfio0", own),
        };
        Finding finding = Assert.Single(
            HostDiagnosis.Judge(host, device), finding => finding.Topic == FindingTopic.Nodes);
        Assert.Equal(isUsable ? FindingLevel.Ok : FindingLevel.Error, finding.Level);
        Assert.Equal(!isUsable, finding.Command == "sudo vfio bind --user $USER 0000:01:00.0");
        Assert.Equal(
            !isUsable && !group, finding.Message.Contains("/dev/vfio/7 (owner root)", StringComparison.Ordinal));
    }
}
