using Vfio.Host;

namespace Vfio.Tests;

/// <summary>Granting a user access to device nodes, and to nothing else. The ACLs of the files are real.</summary>
public sealed class BindForUserTests : IDisposable
{
    private readonly FakeHost _host = new();

    public BindForUserTests() => BindScenario.NeedUsers();

    public void Dispose() => _host.Dispose();

    private static uint Nobody => BindScenario.UidOf(BindScenario.User);

    private static uint Daemon => BindScenario.UidOf(BindScenario.OtherUser);

    private void Bind(FakeDevice device, string? user, Fault? fault = null) => BindingPlan.Compute(
        [device.Address], new BindOptions
        {
            Host = _host.Root,
            Changes = new FakeKernel(_host) { Fault = fault },
            User = user,
        })
        .Execute();

    private void Release(params FakeDevice[] devices) => Assert.All(
        ReleasePlan.Compute([.. devices.Select(device => device.Address)], new ReleaseOptions
        {
            Host = _host.Root,
            Changes = new FakeKernel(_host),
        })
            .Execute(),
        outcome => Assert.Null(outcome.Error));

    private uint[] UsersOf(string node) => [.. AccessList.Of(_host.PathOf(node))!.NamedUsers];

    [Fact]
    public void The_user_gets_the_groups_node_and_the_devices()
    {
        _host.AddDeviceNodes();
        FakeDevice nic = BindScenario.AddNic(_host);
        Bind(nic, BindScenario.User);
        Assert.All(
            ["dev/vfio/12", $"dev/vfio/devices/{nic.DeviceNode}", "dev/iommu"],
            node => Assert.Equal([Nobody], UsersOf(node)));
        Assert.Empty(UsersOf("dev/vfio/vfio"));
        Assert.Equal(BindScenario.User, new BindingJournal(_host.Root).Find(nic.Address)!.User);
    }

    [Fact]
    public void A_user_may_be_given_by_number()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        Bind(nic, Nobody.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal([Nobody], UsersOf("dev/vfio/12"));
        Assert.Equal(BindScenario.User, new BindingJournal(_host.Root).Find(nic.Address)!.User);
    }

    [Fact]
    public void The_second_device_of_a_group_keeps_the_node_until_it_is_released_too()
    {
        FakeDevice first = BindScenario.AddNic(_host);
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 12);
        TreeSnapshot before = new(_host);
        Bind(first, BindScenario.User);
        Bind(second, BindScenario.User);
        Release(first);
        Assert.Equal([Nobody], UsersOf("dev/vfio/12"));
        Release(second);
        before.AssertUnchanged(_host);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_node_that_outlives_both_returns_to_its_original_owner(bool firstGoesFirst)
    {
        // Something else had bound the third device of the group to vfio-pci before, so it stays bound and keeps the
        // node.
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
    public void Releasing_all_restores_the_original_owner_of_a_node_that_stays()
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
    public void Access_passes_to_a_second_user_and_the_original_owner_is_restored()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        FakeDevice other = BindScenario.AddSecondNic(_host, group: 12);
        TreeSnapshot before = new(_host);
        Bind(nic, BindScenario.User);
        Bind(other, user: null);
        Bind(nic, BindScenario.OtherUser);
        Assert.Equal([Daemon], UsersOf("dev/vfio/12"));
        Release(nic);
        Assert.Empty(UsersOf("dev/vfio/12")); // as the kernel made it: it stays for the other device
        Release(other);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void Access_to_a_device_bound_for_root_can_be_granted_to_a_user_later()
    {
        FakeDevice nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        TreeSnapshot before = new(_host);
        Bind(nic, user: null);
        Assert.Empty(UsersOf("dev/vfio/12"));
        Bind(nic, BindScenario.User);
        Assert.Equal([Nobody], UsersOf("dev/vfio/12"));
        Release(nic);
        before.AssertUnchanged(_host);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void Granting_access_to_a_bound_device_fails_as_a_whole(int call, bool after)
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
    public void A_node_that_does_not_appear_is_an_error_and_the_device_is_released()
    {
        FakeDevice nic = _host.AddDevice("0000:00:14.3", driver: "e1000e", group: 12);
        TreeSnapshot before = new(_host);
        NodelessKernel kernel = new(_host, new FakeKernel(_host));
        VfioException failure = Assert.Throws<VfioException>(BindingPlan.Compute(
            [nic.Address], new BindOptions { Host = _host.Root, Changes = kernel, User = BindScenario.User }).Execute);
        Assert.Equal(("set the ACL of", _host.PathOf("dev/vfio/12")), (failure.Operation, failure.Subject));
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void Two_users_with_two_devices_keep_theirs_and_share_the_iommus_node()
    {
        _host.AddDeviceNodes();
        FakeDevice first = BindScenario.AddNic(_host);
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 13);
        FakeDevice third = _host.AddDevice("0000:00:16.0", driver: "e1000e", group: 14);
        TreeSnapshot before = new(_host);
        Bind(first, BindScenario.User);
        Bind(second, BindScenario.OtherUser);
        Bind(third, BindScenario.User);
        Assert.Equal([Nobody], UsersOf("dev/vfio/12"));
        Assert.Equal([Daemon], UsersOf("dev/vfio/13"));
        Assert.Equal(new HashSet<uint> { Nobody, Daemon }, [.. UsersOf("dev/iommu")]);
        Release(first);
        Assert.Equal(new HashSet<uint> { Nobody, Daemon }, [.. UsersOf("dev/iommu")]);
        Release(third);
        Assert.Equal([Daemon], UsersOf("dev/iommu"));
        Release(second);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void Users_who_could_open_the_nodes_before_can_do_so_afterwards()
    {
        _host.AddDeviceNodes();
        FakeDevice nic = BindScenario.AddNic(_host);
        Assert.Equal(
            0, AccessList.Of(_host.PathOf("dev/iommu"))!.With(Nobody, 4).With(77, 6).Write(_host.PathOf("dev/iommu")));
        TreeSnapshot before = new(_host);
        Bind(nic, BindScenario.User);
        Assert.True(AccessList.Of(_host.PathOf("dev/iommu"))!.Allows(Nobody));
        Release(nic);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_device_that_no_longer_exists_leaves_no_access_behind()
    {
        _host.AddDeviceNodes();
        FakeDevice nic = BindScenario.AddNic(_host);
        Bind(nic, BindScenario.User);
        _host.Remove(nic);
        Release(nic);
        Assert.Empty(UsersOf("dev/iommu"));
    }

    private sealed class NodelessKernel(FakeHost host, FakeKernel inner) : KernelVariant(inner)
    {
        public override bool Write(string path, string value, AttributeWait wait)
        {
            bool isDone = base.Write(path, value, wait);
            if (path.EndsWith("drivers_probe", StringComparison.Ordinal))
            {
                File.Delete(host.PathOf("dev/vfio/12"));
            }

            return isDone;
        }
    }

    [Fact]
    public void When_access_passes_to_another_user_the_first_loses_it_including_the_devices_own_node()
    {
        _host.AddDeviceNodes();
        FakeDevice nic = BindScenario.AddNic(_host);
        TreeSnapshot before = new(_host);
        Bind(nic, BindScenario.User);
        Bind(nic, BindScenario.OtherUser);
        Assert.All(
            ["dev/vfio/12", $"dev/vfio/devices/{nic.DeviceNode}", "dev/iommu"],
            node => Assert.Equal([Daemon], UsersOf(node)));
        Release(nic);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_device_that_the_first_user_still_has_open_is_not_granted_to_the_second()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        Bind(nic, BindScenario.User);
        _host.AddProcess(77, "driver", Nobody, "/dev/vfio/12");
        Assert.Contains(
            "in use by pid 77",
            Assert.Throws<BindingRefusedException>(() => Bind(nic, BindScenario.OtherUser)).Message,
            StringComparison.Ordinal);
        Assert.Equal([Nobody], UsersOf("dev/vfio/12"));
    }

    [Fact]
    public void A_device_that_another_program_rebound_and_root_binds_again_does_not_belong_to_the_previous_user()
    {
        _host.AddDeviceNodes();
        FakeDevice nic = BindScenario.AddNic(_host);
        TreeSnapshot before = new(_host);
        Bind(nic, BindScenario.User);
        nic.Override = null;
        nic.SetDriver("e1000e");
        Bind(nic, user: null);
        Assert.Empty(UsersOf("dev/iommu"));
        Release(nic);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void Access_to_a_node_that_the_bind_itself_creates_is_revoked_too()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 13);
        Bind(nic, BindScenario.User);
        // As if iommufd is a module: neither node existed when the bind was planned.
        _host.AddDeviceNodes();
        Assert.Equal(0, AccessList.Of(_host.PathOf("dev/iommu"))!
            .With(Nobody, AccessList.ReadWrite)
            .Write(_host.PathOf("dev/iommu")));
        Bind(second, BindScenario.User);
        Release(nic);
        Assert.Equal([Nobody], UsersOf("dev/iommu"));
        Release(second);
        Assert.Empty(UsersOf("dev/iommu"));
    }

    [Fact]
    public void A_user_whose_name_no_longer_exists_still_loses_access()
    {
        FakeDevice nic = BindScenario.AddNic(_host);
        Bind(nic, BindScenario.User);
        BindingJournal journal = new(_host.Root);
        journal.Write(journal.Find(nic.Address)! with { User = "nobody-of-this-name" });
        ReleaseOutcome outcome = Assert.Single(ReleasePlan.Compute(
            [nic.Address], new ReleaseOptions { Host = _host.Root, Changes = new FakeKernel(_host) }).Execute());
        Assert.Null(outcome.Error);
        Assert.Empty(outcome.Skipped);
        Assert.False(_host.Exists("dev/iommu") && UsersOf("dev/iommu").Contains(Nobody));
    }
}
