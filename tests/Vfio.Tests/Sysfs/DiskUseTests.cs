using Vfio.Host;

namespace Vfio.Tests;

public sealed class DiskUseTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeDevice _device;

    public DiskUseTests() => _device = _host.AddDevice("0000:01:00.0", classCode: "010802", driver: "nvme")
        .WithDisk("nvme0n1", "259:0").WithDisk("nvme0n1p1", "259:1", "nvme/nvme0/nvme0n1");

    public void Dispose() => _host.Dispose();

    private (string Kind, string Explanation)[] Uses(bool openNodes = false) =>
        [.. new DiskUse(_host.Root).Of(_device.Address, openNodes).Select(use => (use.Reason.ToWord(), use.OfDevice))];

    [Fact]
    public void A_free_disk_has_no_use()
    {
        Assert.Empty(Uses());
        Assert.Empty(Uses(openNodes: true));
        Assert.Equal(["nvme0n1", "nvme0n1p1"], new DiskUse(_host.Root).Disks(_device.Address));
    }

    [Fact]
    public void A_mounted_partition_is_found_by_its_number()
    {
        _host.Append("proc/self/mountinfo", "30 22 259:1 / /srv rw,relatime shared:5 master:1 - ext4 /dev/root rw\n");
        Assert.Equal([("mounted", "its disk nvme0n1p1 is mounted on /srv")], Uses());
    }

    [Fact]
    public void A_mount_that_hides_its_number_is_found_by_its_source()
    {
        // btrfs gives each subvolume its own number, 0:N.
        _host.Append("proc/self/mountinfo", "30 22 0:45 /home /home rw - btrfs /dev/nvme0n1 rw,subvol=/home\n");
        Assert.Equal([("mounted", "its disk nvme0n1 is mounted on /home")], Uses());
    }

    [Fact]
    public void Every_mount_is_reported()
    {
        _host.Append(
            "proc/self/mountinfo",
            "30 22 259:1 / /srv rw - ext4 /dev/nvme0n1p1 rw\n31 22 259:1 / /mnt rw - ext4 /dev/nvme0n1p1 rw\n");
        Assert.Equal(
            ["its disk nvme0n1p1 is mounted on /srv", "its disk nvme0n1p1 is mounted on /mnt"],
            Uses().Select(use => use.Explanation));
    }

    [Fact]
    public void Swap_is_found_and_swap_on_another_disk_is_not()
    {
        _host.Append("proc/swaps", "/dev/nvme0n1p10                         partition\t1048572\t\t0\t\t-2\n");
        Assert.Empty(Uses());
        _host.Append("proc/swaps", "/dev/nvme0n1p1                          partition\t1048572\t\t0\t\t-2\n");
        Assert.Equal([("swap", "its disk nvme0n1p1 is used as swap")], Uses());
    }

    [Fact]
    public void A_holder_is_named_by_its_mapped_name_if_it_has_one()
    {
        _host.Write("sys/devices/virtual/block/dm-0/dm/name", "vg0-root\n");
        _host.Link("sys/class/block/dm-0", "sys/devices/virtual/block/dm-0");
        _host.Link($"{_device.Path}/nvme/nvme0/nvme0n1/holders/dm-0", "sys/devices/virtual/block/dm-0");
        _host.Link($"{_device.Path}/nvme/nvme0/nvme0n1/nvme0n1p1/holders/md127", "sys/devices/virtual/block/md127");
        Assert.Equal(
            [("held", "its disk nvme0n1 is part of dm-0 (vg0-root)"), ("held", "its disk nvme0n1p1 is part of md127")],
            Uses());
    }

    [Fact]
    public void A_use_of_another_device_does_not_count()
    {
        FakeDevice other = _host.AddDevice("0000:02:00.0", classCode: "010802", driver: "nvme")
            .WithDisk("nvme1n1", "259:5", "nvme/nvme1");
        _host.Append("proc/self/mountinfo", "30 22 259:5 / /srv rw - ext4 /dev/nvme1n1 rw\n");
        Assert.Empty(Uses());
        Assert.Single(new DiskUse(_host.Root).Of(other.Address, openNodes: false));
    }

    [Fact]
    public void A_disk_whose_node_is_missing_does_not_count_as_claimed()
    {
        File.Delete(_host.PathOf("dev/nvme0n1"));
        Assert.Empty(Uses(openNodes: true));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n\n")]
    [InlineData("30 22 259:1")]
    [InlineData("30 22 259:1 / /srv rw -")]
    [InlineData("30 22 259:1 / /srv rw - ext4")]
    [InlineData("- - - - - -")]
    [InlineData("-")]
    public void Invalid_lines_of_mountinfo_are_skipped(string line)
    {
        _host.Write("proc/self/mountinfo", line);
        _host.Write("proc/swaps", line);
        Assert.Empty(Uses());
    }

    [Fact]
    public void Missing_tables_mean_no_use()
    {
        Directory.Delete(_host.PathOf("proc"), recursive: true);
        Assert.Empty(Uses());
    }

    [Fact]
    public void A_table_of_a_hundred_thousand_mounts_is_read_to_its_bound()
    {
        _host.Append("proc/self/mountinfo", "30 22 259:1 / /srv rw - ext4 /dev/nvme0n1p1 rw\n");
        _host.Append(
            "proc/self/mountinfo", string.Concat(Enumerable.Repeat("31 22 0:30 / /x rw - tmpfs tmpfs rw\n", 100_000)));
        Assert.Equal([("mounted", "its disk nvme0n1p1 is mounted on /srv")], Uses());
    }
}
