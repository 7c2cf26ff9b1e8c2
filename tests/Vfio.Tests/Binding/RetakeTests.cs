using Vfio.Host;

namespace Vfio.Tests;

/// <summary>Devices that are bound again after a reboot or a hot-plug, and those that no longer match.</summary>
public sealed class RetakeTests : IDisposable
{
    private readonly PersistentHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("e1000e")]
    [InlineData("vfio-pci")]
    [InlineData(null)]
    public void After_a_reboot_it_is_bound_again_and_released_to_its_original_driver(string? driver)
    {
        _host.Bind();
        _host.Reboot(driver);
        Assert.Equal(
            (null, null), Assert.Single(_host.Retake()) is var outcome ? (outcome.Skipped, outcome.Error) : default);
        Assert.Equal("vfio-pci", _host.Nic.Info.Driver);
        JournalEntry entry = Assert.Single(_host.Journal.GetEntries());
        Assert.Equal(("e1000e", null), (entry.OriginalDriver, entry.PreviousOverride));
        _host.Release();
        _host.AssertUntouched();
    }

    [Fact]
    public void More_than_once_is_harmless()
    {
        _host.Bind();
        _host.Reboot();
        _host.Retake();
        TreeSnapshot once = new(_host.Host);
        string entry = _host.Host.Read("run/vfio/0000:00:14.3.json");
        Assert.Null(_host.RetakeNic().Error);
        _host.Retake();
        once.AssertUnchanged(_host.Host);
        Assert.Equal(entry, _host.Host.Read("run/vfio/0000:00:14.3.json"));
    }

    [Fact]
    public void If_a_new_kernel_has_another_driver_it_is_released_to_that_one()
    {
        _host.Host.AddDriver("igc");
        _host.Bind();
        _host.Nic.NaturalDriver = "igc";
        _host.Reboot("igc");
        Assert.Null(Assert.Single(_host.Retake()).Error);
        _host.Release();
        Assert.Equal("igc", _host.Nic.Info.Driver);
    }

    [Fact]
    public void Another_card_in_its_place_is_not_changed()
    {
        _host.Bind();
        _host.Reboot();
        _host.Replug("8086:1521");
        RebindOutcome outcome = Assert.Single(_host.Retake());
        Assert.Contains("8086:1521", outcome.Skipped, StringComparison.Ordinal);
        Assert.Equal("e1000e", _host.Nic.Info.Driver);
        Assert.Empty(_host.Journal.GetEntries());
        Assert.Single(_host.Persistent.Entries);
        ReleaseOutcome released = Assert.Single(_host.TryRelease().Outcomes);
        Assert.Equal((null, false, true), (released.Error, released.WasBound, released.WasPersistent));
        Assert.Equal("e1000e", _host.Nic.Info.Driver);
        Assert.False(_host.Host.Exists("etc/vfio"));
    }

    [Fact]
    public void An_empty_address_is_reported()
    {
        _host.Bind();
        _host.Reboot();
        _host.Host.Remove(_host.Nic);
        Assert.Contains("no device", Assert.Single(_host.Retake()).Skipped, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_in_use_at_boot_is_refused_and_the_next_one_is_bound()
    {
        FakeDevice disk = _host.Host.AddDevice("0000:01:00.0", "1b36:0010", "010802", "nvme", 13).WithDisk("nvme0n1");
        _host.Bind(devices: [disk, _host.Nic]);
        _host.Reboot();
        _host.Host.Append("proc/self/mountinfo", "40 22 259:0 / /srv rw - ext4 /dev/nvme0n1 rw\n");
        _host.Host.Write("sys/class/block/nvme0n1/dev", "259:0\n");
        RebindOutcome[] outcomes = _host.Retake();
        Assert.IsType<BindingRefusedException>(outcomes[1].Error);
        Assert.Equal("nvme", disk.Info.Driver);
        Assert.Null(outcomes[0].Error);
        _host.AssertTaken();
    }

    [Fact]
    public void If_the_vfio_driver_does_not_bind_it_it_keeps_its_original_driver()
    {
        _host.Bind();
        _host.Reboot();
        _host.Before = new TreeSnapshot(_host.Host);
        RebindOutcome outcome = Assert.Single(RebindPlan.ComputePersistent(
            new BindOptions
            {
                Host = _host.Host.Root,
                Changes = new DeafKernel(new FakeKernel(_host.Host), "drivers_probe"),
            })
            .Execute());
        Assert.NotNull(outcome.Error);
        _host.AssertUntouched();
    }

    [Fact]
    public void A_device_that_is_neither_bound_nor_persistent_is_not_changed()
    {
        Assert.Contains("neither", _host.RetakeNic().Skipped, StringComparison.Ordinal);
        _host.AssertUntouched();
    }

    [Fact]
    public void A_users_device_that_is_plugged_in_again_belongs_to_the_user_again()
    {
        BindScenario.NeedUsers();
        _host.Host.AddDeviceNodes();
        _host.Bind(user: BindScenario.User, persist: false);
        Assert.Contains(
            "KERNEL==\"0000:00:14.3\"", _host.Host.Read(PersistentHost.UserRules), StringComparison.Ordinal);
        Assert.False(_host.Host.Exists("etc/vfio"));
        _host.Replug();
        RebindOutcome outcome = _host.RetakeNic();
        Assert.Equal((null, null), (outcome.Skipped, outcome.Error));
        _host.AssertTaken();
        foreach (string node in (string[])["dev/vfio/12", $"dev/vfio/devices/{_host.Nic.DeviceNode}"])
        {
            Assert.True(AccessList.Of(_host.Host.PathOf(node))!.Allows(BindScenario.UidOf(BindScenario.User)));
        }

        _host.Release();
        Assert.False(_host.Host.Exists("run/udev/rules.d"));
        Assert.Equal("e1000e", _host.Nic.Info.Driver);
    }

    [Fact]
    public void Another_card_does_not_belong_to_the_user()
    {
        BindScenario.NeedUsers();
        _host.Bind(user: BindScenario.User, persist: false);
        _host.Replug("8086:1521");
        Assert.Contains("another card", _host.RetakeNic().Skipped, StringComparison.Ordinal);
        Assert.Equal("e1000e", _host.Nic.Info.Driver);
    }

    [Fact]
    public void The_rules_of_two_users_are_in_one_file_and_removed_independently()
    {
        BindScenario.NeedUsers();
        FakeDevice second = BindScenario.AddSecondNic(_host.Host, 13);
        _host.Before = new TreeSnapshot(_host.Host);
        _host.Bind(user: BindScenario.User, persist: false);
        _host.Bind(user: BindScenario.OtherUser, persist: false, devices: second);
        _host.Release(_host.Nic);
        string rules = _host.Host.Read(PersistentHost.UserRules);
        Assert.DoesNotContain("14.3", rules, StringComparison.Ordinal);
        Assert.Contains("15.0", rules, StringComparison.Ordinal);
        _host.Release(second);
        _host.AssertUntouched();
    }

    [Fact]
    public void If_udev_must_not_call_the_program_a_users_bind_says_so()
    {
        BindScenario.NeedUsers();
        File.SetUnixFileMode(_host.Host.PathOf("usr/bin/vfio"), (UnixFileMode)0x1ff);
        BindingPlan plan = _host.Plan(user: BindScenario.User, persist: false);
        Assert.Contains("/usr/bin/vfio", Assert.Single(plan.Warnings), StringComparison.Ordinal);
        plan.Execute();
        Assert.False(_host.Host.Exists(PersistentHost.UserRules));
    }

    [Fact]
    public void A_persistent_device_of_a_user_belongs_to_the_user_after_a_reboot()
    {
        BindScenario.NeedUsers();
        _host.Bind(user: BindScenario.User);
        Assert.False(_host.Host.Exists(PersistentHost.UserRules));
        _host.Reboot();
        Assert.Null(Assert.Single(_host.Retake()).Error);
        Assert.True(AccessList.Of(_host.Host.PathOf("dev/vfio/12"))!.Allows(BindScenario.UidOf(BindScenario.User)));
        _host.Release();
        _host.AssertUntouched();
    }

    [Theory]
    [InlineData(false)] // no IOMMU, and refused
    [InlineData(true)] // a state that cannot be believed
    public void A_device_that_is_not_bound_goes_to_its_driver_although_udevs_rule_held_it(bool isDamaged)
    {
        _host.Bind();
        _host.Reboot(driver: null);
        _host.Nic.Override = "vfio-pci"; // as the rule does
        if (isDamaged)
        {
            _host.Host.Write(PersistentHost.State, "{");
        }
        else
        {
            File.Delete(_host.Nic.Info.Attribute("iommu_group"));
        }

        RebindOutcome outcome = _host.RetakeNic();
        Assert.True(outcome.Skipped is not null || outcome.Error is BindingRefusedException, $"{outcome}");
        Assert.Equal(("e1000e", null), (_host.Nic.Info.Driver, _host.Nic.Info.GetDriverOverride()));
        Assert.Empty(_host.Journal.GetEntries());
    }

    [Fact]
    public void A_release_of_a_persistent_device_that_udevs_rule_holds_frees_it()
    {
        _host.Bind();
        _host.Reboot(driver: null);
        _host.Nic.Override = "vfio-pci";
        _host.Release();
        Assert.Equal(("e1000e", null), (_host.Nic.Info.Driver, _host.Nic.Info.GetDriverOverride()));
        Assert.False(_host.Host.Exists("etc/vfio"));
    }

    [Fact]
    public void A_program_that_binds_a_device_for_a_user_leaves_no_rule_behind()
    {
        BindScenario.NeedUsers();
        BindOptions options = new()
        {
            Host = _host.Host.Root,
            Changes = new FakeKernel(_host.Host),
            Files = new FakeFiles(_host.Host),
            Program = PersistentHost.Program,
            User = BindScenario.User,
        };
        using (DriverBinding binding = DriverBinding.Bind(_host.Nic.Address, options))
        {
            Assert.True(_host.Host.Exists(PersistentHost.UserRules));
            binding.Release();
        }

        Assert.False(_host.Host.Exists(PersistentHost.UserRules));
        _host.AssertUntouched();
    }

    [Fact]
    public void A_program_that_uses_an_unbound_persistent_device_releases_it_and_leaves_it_persistent()
    {
        _host.Bind();
        _host.Reboot();
        BindOptions options = new()
        {
            Host = _host.Host.Root,
            Changes = new FakeKernel(_host.Host),
            Files = new FakeFiles(_host.Host),
            Program = PersistentHost.Program,
        };
        using (DriverBinding binding = DriverBinding.Bind(_host.Nic.Address, options))
        {
            Assert.True(binding.IsBound);
            binding.Release();
        }

        Assert.Equal("e1000e", _host.Nic.Info.Driver);
        Assert.Empty(_host.Journal.GetEntries());
        Assert.Single(_host.Persistent.Entries);
        Assert.True(_host.Host.Exists(PersistentHost.Rules));
    }
}
