using Vfio.Interop;

namespace Vfio.Tests;

/// <summary>Giving device nodes to a user, and taking them back. Owners are real: this needs root, on temporary files.</summary>
public sealed class BindForUserTests : IDisposable
{
    private readonly FakeHost _host;

    public BindForUserTests()
    {
        BindScenario.NeedRoot();
        _host = new FakeHost();
    }

    public void Dispose() => _host.Dispose();

    private static uint Nobody => BindScenario.UidOf(BindScenario.User);

    private static uint Daemon => BindScenario.UidOf(BindScenario.OtherUser);

    private void Bind(FakeDevice device, string? user, Fault? fault = null) => BindingPlan.Compute(
        [device.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) { Fault = fault }, User = user }).Execute();

    private void Release(params FakeDevice[] devices) => Assert.All(
        ReleasePlan.Compute([.. devices.Select(device => device.Address)], new ReleaseOptions { Host = _host.Root, Changes = new FakeKernel(_host) }).Execute(),
        outcome => Assert.Null(outcome.Error));

    private uint OwnerOf(string node) => FileStatus.Of(_host.PathOf(node))!.Value.UserId;

    [Fact]
    public void The_user_gets_the_groups_node_and_the_devices()
    {
        _host.AddDeviceNodes();
        FakeDevice nic = BindScenario.AddNic(_host);
        Bind(nic, BindScenario.User);
        Assert.Equal((Nobody, Nobody), (OwnerOf("dev/vfio/12"), OwnerOf($"dev/vfio/devices/{nic.DeviceNode}")));
        Assert.Equal(0u, OwnerOf("dev/vfio/vfio"));
        Assert.Equal(BindScenario.User, new BindingJournal(_host.Root).Find(nic.Address)!.User);
    }

    [Fact]
    public void A_user_may_be_given_by_number()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        Bind(nic, Nobody.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(Nobody, OwnerOf("dev/vfio/12"));
        Assert.Equal(BindScenario.User, new BindingJournal(_host.Root).Find(nic.Address)!.User);
    }

    [Fact]
    public void The_second_device_of_a_group_keeps_the_node_until_it_goes_too()
    {
        FakeDevice first = BindScenario.AddNic(_host);
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 12);
        TreeSnapshot before = new(_host);
        Bind(first, BindScenario.User);
        Bind(second, BindScenario.User);
        Release(first);
        Assert.Equal(Nobody, OwnerOf("dev/vfio/12"));
        Release(second);
        before.AssertUnchanged(_host);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_node_that_outlives_both_goes_back_to_its_first_owner(bool firstGoesFirst)
    {
        // The third device of the group was with vfio-pci before, by somebody else's doing, and stays there with the node.
        FakeDevice first = BindScenario.AddNic(_host);
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 12);
        _host.AddDevice("0000:00:16.0", driver: "vfio-pci", group: 12);
        TreeSnapshot before = new(_host);
        Bind(first, BindScenario.User);
        Bind(second, BindScenario.User);
        Release(firstGoesFirst ? first : second);
        Release(firstGoesFirst ? second : first);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void Releasing_all_gives_a_node_that_stays_back_to_its_first_owner()
    {
        FakeDevice first = BindScenario.AddNic(_host);
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 12);
        _host.AddDevice("0000:00:16.0", driver: "vfio-pci", group: 12);
        TreeSnapshot before = new(_host);
        Bind(first, BindScenario.User);
        Bind(second, BindScenario.User);
        Release(first, second);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_second_user_takes_over_and_the_first_owner_comes_back()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        FakeDevice other = BindScenario.AddSecondNic(_host, group: 12);
        TreeSnapshot before = new(_host);
        Bind(nic, BindScenario.User);
        Bind(other, user: null);
        Bind(nic, BindScenario.OtherUser);
        Assert.Equal(Daemon, OwnerOf("dev/vfio/12"));
        Release(nic);
        Assert.Equal(0u, OwnerOf("dev/vfio/12")); // as the kernel made it: it stays for the other device
        Release(other);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_device_taken_for_root_can_be_given_to_a_user_later()
    {
        FakeDevice nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        TreeSnapshot before = new(_host);
        Bind(nic, user: null);
        Assert.Equal(0u, OwnerOf("dev/vfio/12"));
        Bind(nic, BindScenario.User);
        Assert.Equal(Nobody, OwnerOf("dev/vfio/12"));
        Release(nic);
        before.AssertUnchanged(_host);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void Giving_a_taken_device_to_a_user_fails_whole(int call, bool after)
    {
        _host.AddDeviceNodes();
        FakeDevice nic = BindScenario.AddNic(_host);
        Bind(nic, user: null);
        TreeSnapshot bound = new(_host);
        string entry = _host.Read("run/vfio/0000:00:14.3.json");
        Assert.Throws<VfioException>(() => Bind(nic, BindScenario.User, Fault.Error(call, after, Errno.EPERM)));
        bound.AssertUnchanged(_host);
        Assert.Equal(entry, _host.Read("run/vfio/0000:00:14.3.json"));
    }

    [Fact]
    public void A_node_that_does_not_appear_is_an_error_and_the_device_goes_back()
    {
        FakeDevice nic = _host.AddDevice("0000:00:14.3", driver: "e1000e", group: 12);
        TreeSnapshot before = new(_host);
        NodelessKernel kernel = new(_host, new FakeKernel(_host));
        VfioException failure = Assert.Throws<VfioException>(BindingPlan.Compute(
            [nic.Address], new BindOptions { Host = _host.Root, Changes = kernel, User = BindScenario.User }).Execute);
        Assert.Equal(("chown", _host.PathOf("dev/vfio/12")), (failure.Operation, failure.Subject));
        before.AssertUnchanged(_host);
    }

    private sealed class NodelessKernel(FakeHost host, FakeKernel inner) : KernelVariant(inner)
    {
        public override void Write(string path, string value)
        {
            base.Write(path, value);
            if (path.EndsWith("drivers_probe", StringComparison.Ordinal))
            {
                File.Delete(host.PathOf("dev/vfio/12"));
            }
        }
    }
}
