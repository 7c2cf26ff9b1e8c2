using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Machine.Tests;

/// <summary>
/// Several devices, groups, dry runs, users, interfaces: the effects of a bind and a release on the host.
/// </summary>
public sealed class BindTests : HostTest
{
    private const string SecondDisk = "/dev/nvme1n1";

    [Fact]
    public void Binding_one_of_a_group_names_the_other_as_blocker_and_group_binds_both()
    {
        Result one = Machine.Vfio("bind", Machine.GroupedEdu);
        one.Succeeded();
        Assert.Contains(Machine.GroupedNic, one.Output + one.Errors, StringComparison.Ordinal);
        Machine.Vfio("read", Machine.GroupedEdu, "bar0").FailedWith(1, Machine.GroupedNic, "vfio bind --group");

        Machine.Vfio("bind", "--group", Machine.GroupedEdu).Succeeded();
        Assert.Equal("vfio-pci", Machine.Device(Machine.GroupedNic).Driver);
        Assert.Matches("0x[0-9a-f]+ed", Machine.Vfio("read", Machine.GroupedEdu, "bar0").Succeeded());

        Machine.Vfio("release", Machine.GroupedEdu, Machine.GroupedNic).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void No_device_is_bound_if_one_of_two_cannot_be()
    {
        Machine.Vfio("bind", Machine.Nic, Machine.Bridge).FailedWith(3, Machine.Bridge, "bridge");
        AssertHostUntouched();
        Machine.Vfio("bind", Machine.Nic, "0000:7f:00.0").FailedWith(1, "0000:7f:00.0", "vfio list");
        AssertHostUntouched();
    }

    [Fact]
    public void A_dry_run_prints_the_writes_and_changes_nothing()
    {
        string text = Machine.Vfio("bind", "--dry-run", Machine.Nic).Succeeded();
        Assert.Contains($"/sys/bus/pci/devices/{Machine.Nic}/driver_override", text, StringComparison.Ordinal);
        Assert.Contains("/sys/bus/pci/drivers/e1000e/unbind", text, StringComparison.Ordinal);
        Assert.Contains("/sys/bus/pci/drivers_probe", text, StringComparison.Ordinal);
        AssertHostUntouched();

        Machine.Vfio("bind", Machine.Nic).Succeeded();
        string taken = HostSnapshot.Take();
        Assert.Contains(
            "/sys/bus/pci/drivers/vfio-pci/unbind",
            Machine.Vfio("release", "--dry-run", "--all").Succeeded(),
            StringComparison.Ordinal);
        Assert.Equal(taken, HostSnapshot.Take());
        Machine.Vfio("release", "--all").Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void Two_cards_released_in_the_other_order_have_their_interface_names_and_state_restored()
    {
        string name = InterfaceOf(Machine.Nic);
        Machine.Do($"ip link set {name} up");
        string before = HostSnapshot.Take();
        Machine.Vfio("bind", Machine.SecondNic, Machine.Nic).Succeeded();
        Machine.Vfio("release", Machine.Nic).Succeeded();
        Machine.Vfio("release", Machine.SecondNic).Succeeded();
        Assert.Equal(before, HostSnapshot.Take());
        Machine.Do($"ip link set {name} down");
        AssertHostUntouched();
    }

    [Theory]
    [InlineData("e1000e")]
    [InlineData("pci-stub")]
    public void A_previous_override_is_restored_with_the_driver_whether_or_not_it_names_it(string name)
    {
        Machine.Do($"echo {name} > /sys/bus/pci/devices/{Machine.Nic}/driver_override");
        string before = HostSnapshot.Take();
        Machine.Vfio("bind", Machine.Nic).Succeeded();
        Machine.Vfio("release", Machine.Nic).Succeeded();
        Assert.Equal(before, HostSnapshot.Take());
        Machine.Do($"echo > /sys/bus/pci/devices/{Machine.Nic}/driver_override");
        AssertHostUntouched();
    }

    [Fact]
    public void A_driver_whose_module_was_removed_meanwhile_is_loaded_again()
    {
        Machine.Need(Machine.Igb);
        Machine.Vfio("bind", Machine.Igb).Succeeded();
        Machine.Do("rmmod igb");
        Machine.Vfio("release", Machine.Igb).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void A_bound_device_bound_again_stays_and_release_still_restores()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Machine.Vfio("bind", "--user", Machine.User, Machine.Edu).Succeeded();
        Machine.VfioAsUser("read", Machine.Edu, "bar0").Succeeded();
        Machine.Vfio("release", "--all").Succeeded();
        AssertHostUntouched();
    }

    [Theory]
    [InlineData("iommufd")]
    [InlineData("type1v2")]
    public void Two_users_have_a_device_each_and_are_refused_the_others(string backend)
    {
        const string Second = "daemon";
        string second = Machine.Do($"id -u {Second}").Trim();
        Result AsSecond(string address) =>
            Machine.Run(
                "setpriv", $"--reuid={second}", $"--regid={second}", "--clear-groups", "--", Machine.Tool, "read",
                "--backend", backend, address, "bar0");
        Machine.Vfio("bind", "--user", Machine.User, Machine.Edu).Succeeded();
        AsSecond(Machine.Edu).FailedWith(1, "EACCES", "bind --user");
        Machine.Vfio("bind", "--user", Second, Machine.Nic).Succeeded();
        Machine.VfioAsUser("read", "--backend", backend, Machine.Edu, "bar0").Succeeded();
        AsSecond(Machine.Nic).Succeeded();
        AsSecond(Machine.Edu).FailedWith(1, "EACCES", "bind --user");
        Machine.VfioAsUser("read", "--backend", backend, Machine.Nic, "bar0").FailedWith(1, "EACCES", "bind --user");

        // The release of one user's device does not affect the other user's.
        Machine.Vfio("release", Machine.Edu).Succeeded();
        AsSecond(Machine.Nic).Succeeded();
        Machine.Vfio("release", Machine.Nic).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void Two_processes_that_bind_at_the_same_time_bind_both_devices()
    {
        Machine.Do(
            $"{Machine.Tool} bind {Machine.Edu} & a=$!; {Machine.Tool} bind {Machine.Nic} & b=$!; wait $a; wait $b");
        Assert.Equal("vfio-pci", Machine.Device(Machine.Edu).Driver);
        Assert.Equal("vfio-pci", Machine.Device(Machine.Nic).Driver);
        Machine.Vfio("release", "--all").Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void Vfio_pci_is_loaded_if_it_is_missing()
    {
        Machine.Do("modprobe -r vfio-pci");
        Assert.False(Directory.Exists("/sys/bus/pci/drivers/vfio-pci"));
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Machine.Vfio("release", Machine.Edu).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void A_modprobe_planted_in_the_working_directory_is_not_run()
    {
        Machine.Do("modprobe -r vfio-pci; rm -rf /tmp/planted; mkdir /tmp/planted; printf '#!/bin/sh\\ntouch "
            + "/tmp/planted/was-run\\n' > /tmp/planted/modprobe; chmod +x /tmp/planted/modprobe");
        Machine.Do($"cd /tmp/planted; PATH=/tmp/planted:$PATH {Machine.Tool} bind {Machine.Edu}");
        Assert.False(File.Exists("/tmp/planted/was-run"));
        Machine.Vfio("release", Machine.Edu).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void A_release_does_not_unbind_a_mounted_disk_from_a_driver_it_was_bound_to_manually()
    {
        string device = $"/sys/bus/pci/devices/{Machine.SecondNvme}";
        Machine.Do($"echo {Machine.SecondNvme} > /sys/bus/pci/drivers/nvme/unbind");
        Machine.Vfio("bind", Machine.SecondNvme).Succeeded();
        Machine.Do($"echo > {device}/driver_override; echo {Machine.SecondNvme} > {device}/driver/unbind; echo "
            + $"{Machine.SecondNvme} > /sys/bus/pci/drivers/nvme/bind");
        WaitFor(SecondDisk);
        Machine.Do($"mkfs.ext4 -q -F {SecondDisk} && mkdir -p /mnt && mount {SecondDisk} /mnt");

        Machine.Vfio("release", Machine.SecondNvme).FailedWith(3, "is mounted on /mnt", "--force");
        Assert.Equal("nvme", Machine.Device(Machine.SecondNvme).Driver);

        Machine.Do("umount /mnt");
        Machine.Vfio("release", Machine.SecondNvme).Succeeded();
        Assert.Null(Machine.Device(Machine.SecondNvme).Driver);
        Machine.Do($"echo {Machine.SecondNvme} > /sys/bus/pci/drivers/nvme/bind");
        WaitFor(SecondDisk);
        AssertHostUntouched();
    }

    [Fact]
    public void Access_to_one_group_is_not_granted_to_two_users()
    {
        Machine.Vfio("bind", "--user", Machine.User, Machine.GroupedEdu).Succeeded();
        Machine.Vfio("bind", "--user", "nobody", Machine.GroupedNic)
            .FailedWith(3, $"bound for user {Machine.User} already", "release");
        Machine.Vfio("release", "--all").Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void Another_card_in_place_of_a_bound_one_does_not_get_its_previous_state()
    {
        Machine.Do($"{Machine.Qmp} device_add driver=edu id=plugged bus=hotplug0");
        const string place = "0000:02:00.0";
        const string folder = $"/sys/bus/pci/devices/{place}";
        WaitFor($"{folder}/driver_override");
        Machine.Vfio("bind", "--user", Machine.User, place).Succeeded();
        Machine.Do($"{Machine.Qmp} device_del id=plugged");
        Assert.True(Machine.Becomes(() => !Directory.Exists(folder)), $"{place} did not go");
        Machine.Do($"{Machine.Qmp} device_add driver=e1000e id=plugged2 bus=hotplug0");
        WaitFor($"{folder}/driver");
        Assert.Equal("e1000e", Machine.Device(place).Driver);

        Machine.Vfio("bind", place).Succeeded();
        Assert.Null(new BindingJournal().Find(PciAddress.Parse(place))!.User);
        Machine.Vfio("release", place).Succeeded();
        Assert.Equal("e1000e", Machine.Device(place).Driver);
        Machine.Do($"{Machine.Qmp} device_del id=plugged2");
        Assert.True(Machine.Becomes(() => !Directory.Exists(folder)), $"{place} did not go");
        AssertHostUntouched();
    }

    private static void WaitFor(string path) =>
        Assert.True(Machine.Becomes(() => Path.Exists(path)), $"{path} did not appear");

    private static string InterfaceOf(string address) => new HostSurvey().GetInterfaces(PciAddress.Parse(address))[0];
}
