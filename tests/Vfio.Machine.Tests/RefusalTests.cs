using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Machine.Tests;

/// <summary>A change that would harm the host is refused with exit code 3, and nothing is changed.</summary>
public sealed class RefusalTests : HostTest
{
    private const string Disk = "/dev/nvme0n1";

    [Fact]
    public void A_mounted_disk()
    {
        Machine.Do($"mkfs.ext4 -q -F {Disk} && mkdir -p /mnt && mount {Disk} /mnt");
        AssertRefused(Machine.Nvme, "is mounted on /mnt", "--force");
        Machine.Do("umount /mnt");
    }

    [Fact]
    public void A_disk_mounted_only_in_another_namespace()
    {
        Machine.Do($"mkfs.ext4 -q -F {Disk} && mkdir -p /mnt");
        using System.Diagnostics.Process other = Machine.Start(
            "unshare", "-m", "sh", "-c", $"mount {Disk} /mnt && echo ready && read line");
        Assert.Equal("ready", other.StandardOutput.ReadLine());
        AssertRefused(Machine.Nvme, "is claimed by the kernel", "--force");
        other.StandardInput.Close();
        other.WaitForExit();
    }

    [Fact]
    public void A_disk_with_swap()
    {
        Machine.Do($"mkswap -q {Disk} && swapon {Disk}");
        AssertRefused(Machine.Nvme, "is used as swap", "--force");
        Machine.Do($"swapoff {Disk}");
    }

    [Fact]
    public void A_disk_in_an_md_array()
    {
        Machine.Do($"yes | mdadm --create /dev/md0 --level=1 --raid-devices=2 --metadata=1.2 --assume-clean "
            + $"{Disk} /dev/nvme1n1");
        AssertRefused(Machine.Nvme, "is part of md0", "--force");
        Machine.Do($"mdadm --stop /dev/md0 && mdadm --zero-superblock {Disk} /dev/nvme1n1");
    }

    [Fact]
    public void A_disk_under_lvm()
    {
        const string lvm = "--config 'activation { udev_sync=0 udev_rules=0 } devices { use_devicesfile=0 } "
            + "global { use_lvmlockd=0 }'";
        Machine.Do($"pvcreate -q -ff -y {lvm} {Disk} && vgcreate -q {lvm} volumes {Disk} && lvcreate -q -y -Zn -Wn "
            + $"{lvm} -L 16M -n data volumes");
        AssertRefused(Machine.Nvme, "is part of dm-0 (volumes-data)", "--force");
        Machine.Do($"vgremove -q -f {lvm} volumes && pvremove -q {lvm} {Disk}");
    }

    [Fact]
    public void A_disk_that_a_program_has_open()
    {
        using System.Diagnostics.Process reader = Machine.Start(
            "sh", "-c", $"exec 3<{Disk} && echo ready && read line");
        Assert.Equal("ready", reader.StandardOutput.ReadLine());
        AssertRefused(Machine.Nvme, $"pid {reader.Id} (sh, user root) has", "--force");
        reader.StandardInput.Close();
        reader.WaitForExit();
    }

    [Fact]
    public void A_disk_under_a_loop_device()
    {
        Machine.Do($"modprobe -q loop || true; mkfs.ext4 -q -F {Disk} && losetup -f {Disk}");
        AssertRefused(Machine.Nvme, "is part of loop0", "--force");
        Machine.Do("losetup -D");
    }

    [Fact]
    public void A_disk_whose_character_device_a_program_has_open()
    {
        using System.Diagnostics.Process reader = Machine.Start(
            "sh", "-c", "exec 3</dev/ng0n1 && echo ready && read line");
        Assert.Equal("ready", reader.StandardOutput.ReadLine());
        AssertRefused(Machine.Nvme, $"pid {reader.Id} (sh, user root) has", "--force");
        reader.StandardInput.Close();
        reader.WaitForExit();
    }

    [Fact]
    public void The_device_that_carries_the_root_file_system_and_the_console() =>
        AssertRefused("0000:00:1e.0", "9p share", "--force");

    [Fact]
    public void An_interface_that_is_up_with_a_labelled_address()
    {
        string name = InterfaceOf(Machine.Nic);
        Machine.Do($"ip addr add 192.0.2.9/32 dev {name} label {name}:vip && ip link set {name} up");
        Machine.Vfio("bind", Machine.Nic).FailedWith(3, "192.0.2.9", "--force");
        Machine.Do($"ip addr flush dev {name} && ip link set {name} down");
        AssertHostUntouched();
    }

    [Fact]
    public void A_physical_function_whose_virtual_function_is_open_names_the_holder()
    {
        Machine.Need(Machine.Igb);
        Machine.Do($"echo 1 > /sys/bus/pci/devices/{Machine.Igb}/sriov_numvfs");
        string function = System.IO.Path.GetFileName(
            new FileInfo($"/sys/bus/pci/devices/{Machine.Igb}/virtfn0").LinkTarget!);
        Machine.Vfio("bind", function).Succeeded();
        using (Holder holder = new(function))
        {
            Machine.Vfio("bind", Machine.Igb)
                .FailedWith(3, $"pid {holder.Id} (readbar0, user root) has its virtual function", "--force");
        }

        Machine.Vfio("release", function).Succeeded();
        Machine.Do($"echo 0 > /sys/bus/pci/devices/{Machine.Igb}/sriov_numvfs");
        AssertHostUntouched();
    }

    [Fact]
    public void An_interface_that_is_up_with_an_address_is_bound_by_force()
    {
        string name = InterfaceOf(Machine.Nic);
        Machine.Do($"ip addr add 192.0.2.1/32 dev {name} && ip link set {name} up");
        string before = HostSnapshot.Take();
        Machine.Vfio("bind", Machine.Nic)
            .FailedWith(3, $"its interface {name} is up with the address 192.0.2.1", "--force");
        Assert.Equal(before, HostSnapshot.Take());

        Machine.Vfio("bind", "--force", Machine.Nic).Succeeded();
        Machine.Vfio("release", Machine.Nic).Succeeded();
        Assert.Equal(before, HostSnapshot.Take());
        Machine.Do($"ip link set {name} down");
        AssertHostUntouched();
    }

    [Fact]
    public void An_interface_with_the_default_route()
    {
        string name = InterfaceOf(Machine.SecondNic);
        Machine.Do(
            $"ip addr add 192.0.2.1/24 dev {name} && ip link set {name} up && ip route add default via 192.0.2.254");
        string before = HostSnapshot.Take();
        Machine.Vfio("bind", Machine.SecondNic)
            .FailedWith(3, $"its interface {name} carries the default route", "--force");
        Assert.Equal(before, HostSnapshot.Take());
        Machine.Do($"ip addr flush dev {name} && ip link set {name} down");
        AssertHostUntouched();
    }

    [Fact]
    public void An_interface_that_is_a_port_of_a_bridge()
    {
        string name = InterfaceOf(Machine.SecondNic);
        Machine.Do($"ip link add br7 type bridge && ip link set {name} master br7 && ip link set {name} up");
        Machine.Vfio("bind", Machine.SecondNic)
            .FailedWith(3, $"its interface {name} is up as a port of br7", "--force");
        Machine.Do($"ip link set {name} down && ip link del br7");
        AssertHostUntouched();
    }

    [Fact]
    public void The_boot_display() => AssertRefused(Machine.BootDisplay, "it is the boot display", "--force");

    [Fact]
    public void A_bridge_even_by_force()
    {
        AssertRefused(Machine.Bridge, "it is a bridge", "bridges");
        Machine.Vfio("bind", "--force", Machine.Bridge).FailedWith(3, "it is a bridge", "bridges");
        AssertHostUntouched();
    }

    [Fact]
    public void A_function_with_live_virtual_functions()
    {
        Machine.Need(Machine.Igb);
        Machine.Do($"echo 2 > /sys/bus/pci/devices/{Machine.Igb}/sriov_numvfs");
        Machine.Vfio("bind", Machine.Igb).FailedWith(3, "2 of its virtual functions", "--force");
        Machine.Do($"echo 0 > /sys/bus/pci/devices/{Machine.Igb}/sriov_numvfs");
        AssertHostUntouched();
    }

    private static void AssertRefused(string address, string explanation, string hint)
    {
        string before = HostSnapshot.Take();
        Machine.Vfio("bind", address).FailedWith(3, explanation, hint);
        Assert.Equal(before, HostSnapshot.Take());
    }

    private static string InterfaceOf(string address) => new HostSurvey().GetInterfaces(PciAddress.Parse(address))[0];
}
