using System.Text.Json;

namespace Vfio.Machine.Tests;

/// <summary>Showing devices, and naming them as the host does, before and after they are bound.</summary>
public sealed class ShowTests : HostTest
{
    public static TheoryData<string> Devices =>
        [Machine.BootDisplay, Machine.Edu, Machine.Nvme, Machine.VirtioNet, Machine.Nic, Machine.Igb, Machine.Bridge];

    [Theory]
    [MemberData(nameof(Devices))]
    public void Every_device_is_shown_to_root_and_to_others_and_left_as_it_was(string address)
    {
        Machine.Need(address);
        Result shown = Machine.Vfio("show", address);
        Assert.StartsWith(address, shown.Succeeded(), StringComparison.Ordinal);
        Assert.Equal("", shown.Errors);

        Result user = Machine.VfioAsUser("show", address);
        Assert.Contains("first 64 bytes", user.Succeeded(), StringComparison.Ordinal);
        Assert.Equal($"hint: sudo vfio show {address} also shows the capabilities\n", user.Errors);
        AssertHostUntouched();
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void The_dump_is_the_kernels_file(string address)
    {
        Machine.Need(address);
        string[] lines = Machine.Vfio("show", "--config", address)
            .Succeeded()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        byte[] dumped = [.. lines[1..].SelectMany(
            line => Convert.FromHexString(line[(line.IndexOf(':') + 1)..].Replace(" ", "", StringComparison.Ordinal)))];
        Assert.Equal(File.ReadAllBytes($"/sys/bus/pci/devices/{address}/config"), dumped);
    }

    [Fact]
    public void An_interface_names_its_device_before_and_after_it_is_bound()
    {
        string name = Path.GetFileName(
            Assert.Single(Directory.GetDirectories($"/sys/bus/pci/devices/{Machine.Nic}/net")));
        Assert.Equal(Machine.Nic, AddressOf(name));
        Machine.Do($"ip link property add dev {name} altname fastport");
        Assert.Equal(Machine.Nic, AddressOf("fastport"));
        Machine.Do($"ip link property del dev {name} altname fastport");
        Machine.Vfio("bind", name).Succeeded();
        Assert.Equal(Machine.Nic, AddressOf(name));
        Assert.Equal(
            Machine.Vfio("read", Machine.Nic, "bar0+8").Succeeded(), Machine.Vfio("read", name, "bar0+8").Succeeded());
        Machine.Vfio("release", name).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void A_controller_a_disk_and_a_card_name_their_devices()
    {
        string disk = Path.GetFileName(Directory.GetFileSystemEntries("/sys/class/block")
            .First(entry => File.ResolveLinkTarget(entry, returnFinalTarget: true)!.FullName
                .Contains(Machine.SecondNvme, StringComparison.Ordinal)));
        string controller = disk[..disk.LastIndexOf('n')];
        Assert.Equal(Machine.SecondNvme, AddressOf(disk));
        Assert.Equal(Machine.SecondNvme, AddressOf(controller));
        Machine.Vfio("bind", disk).Succeeded();
        Assert.Equal(Machine.SecondNvme, AddressOf(controller));
        Machine.Vfio("release", controller).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void Virtual_and_unknown_names_are_not_devices()
    {
        Machine.Vfio("show", "lo").FailedWith(2, "'lo' belongs to no PCI device", "vfio list");
        Machine.Vfio("show", "../net/lo").FailedWith(2, "is not a device", "vfio list");
    }

    private static string? AddressOf(string name)
    {
        using JsonDocument shown = JsonDocument.Parse(Machine.Vfio("show", name, "--json").Succeeded());
        return shown.RootElement.GetProperty("address").GetString();
    }
}
