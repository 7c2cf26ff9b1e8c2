namespace Vfio.Machine.Tests;

/// <summary>
/// The differences in a container, made with mount namespaces: nodes that are missing or stale, and <c>/sys</c> and
/// <c>/run</c> that cannot be written.
/// </summary>
public sealed class ContainerTests : HostTest
{
    [Fact]
    public void A_sysfs_that_can_only_be_read_is_refused_before_anything_is_written()
    {
        AssertRefused("mount -o remount,bind,ro /sys", "/sys is mounted read-only", "bind on the host");
        Assert.Contains(
            "is mounted read-only",
            Inside("mount -o remount,bind,ro /sys", $"{Machine.Tool} doctor {Machine.Nic} || true").Output,
            StringComparison.Ordinal);
        AssertHostUntouched();
    }

    [Fact]
    public void A_run_folder_that_is_full_or_can_only_be_read_is_refused_before_anything_is_written()
    {
        AssertRefused(
            "mount -t tmpfs -o size=64k none /run && dd if=/dev/zero of=/run/x bs=4k 2> /dev/null || true",
            "/run is full (0 bytes are free)",
            "du -xsh /run/*");
        AssertRefused("mount -t tmpfs -o ro none /run", "/run is mounted read-only", "/run can be written");
        AssertHostUntouched();
    }

    [Theory]
    [InlineData(
        "true",
        "does not exist here, although the kernel has it",
        "does not exist here, although the kernel has it: start the container again, with --device /dev/vfio/vfio")]
    [InlineData(
        "mknod /dev/vfio/vfio c 10 196; mknod /dev/vfio/{group} c 1 3",
        "/dev/vfio/{group} belongs to another device: its number is 1:3, and the kernel's is",
        null)]
    public void Nodes_that_are_not_the_kernels_are_reported(string nodes, string found, string? hint)
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        string group = Machine.Group(Machine.Edu);
        string setUp = $"mount -t tmpfs none /dev/vfio; {nodes.Replace("{group}", group, StringComparison.Ordinal)}";
        Result doctor = Inside(setUp, $"{Machine.Tool} doctor {Machine.Edu}");
        Assert.NotEqual(0, doctor.ExitCode);
        Assert.Contains(
            found.Replace("{group}", group, StringComparison.Ordinal),
            doctor.Output.ReplaceLineEndings(" "),
            StringComparison.Ordinal);
        if (hint is not null)
        {
            Inside(setUp, $"{Machine.Tool} read {Machine.Edu} bar0").FailedWith(1, "/dev/vfio/vfio", hint);
        }

        Machine.Vfio("release", Machine.Edu).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void A_user_whose_name_cannot_be_looked_up_loses_access_by_number()
    {
        Machine.Vfio("bind", "--user", Machine.User, Machine.Edu).Succeeded();
        string node = $"/dev/vfio/{Machine.Group(Machine.Edu)}";
        Machine.RunAsUser("test", "-w", node).Succeeded();
        Inside(
            ": > /tmp/nobody-known && mount --bind /tmp/nobody-known /etc/passwd",
            $"{Machine.Tool} release {Machine.Edu}").Succeeded();
        Assert.False(Path.Exists("/dev/iommu") && Machine.RunAsUser("test", "-w", "/dev/iommu").ExitCode == 0);
        AssertHostUntouched();
    }

    [Fact]
    public void An_interface_whose_name_is_not_UTF_8_is_found_and_restored()
    {
        string name = Directory.EnumerateDirectories($"/sys/bus/pci/devices/{Machine.Nic}/net")
            .Select(folder => Path.GetFileName(folder)!)
            .Single();
        try
        {
            // ff fe, an escape character, and letters.
            Machine.Do($"new=$(printf '\\377\\376\\033eth'); ip link set dev {name} name \"$new\"; ip addr add "
                + $"192.0.2.77/24 dev \"$new\"; ip link set dev \"$new\" up");
            Machine.Vfio("bind", Machine.Nic).FailedWith(3, "\\xff\\xfe?eth", "--force");
            Assert.Contains(
                "\"nameHex\": \"fffe1b657468\"",
                Machine.Vfio("show", "--json", Machine.Nic).Succeeded(),
                StringComparison.Ordinal);
            Machine.Do("ip addr flush dev \"$(printf '\\377\\376\\033eth')\"");
            string before = Machine.Do("ls /sys/class/net | od -An -tx1");
            Machine.Vfio("bind", Machine.Nic).Succeeded();
            Machine.Vfio("release", Machine.Nic).Succeeded();
            Assert.Equal(before, Machine.Do("ls /sys/class/net | od -An -tx1"));
        }
        finally
        {
            Machine.Shell($"new=$(printf '\\377\\376\\033eth'); ip link set dev \"$new\" down; ip addr flush dev "
                + $"\"$new\"; ip link set dev \"$new\" name {name}");
        }

        AssertHostUntouched();
    }

    [Fact]
    public void The_MSI_X_table_is_read_with_its_content()
    {
        Machine.Vfio("bind", Machine.Nic).Succeeded();
        // Address, data and control of the first vector, which is masked. Through the descriptor the kernel shows all
        // ones.
        Assert.DoesNotContain(
            "0xffffffff", Machine.Vfio("read", Machine.Nic, "bar3", "-n", "4").Succeeded(), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "ff ff ff ff",
            Machine.Vfio("dump", Machine.Nic, "bar3")
                .Succeeded()
                .Split('\n')
                .First(line => line.StartsWith("00:", StringComparison.Ordinal)
                    || line.StartsWith("0000:", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        Machine.Vfio("release", Machine.Nic).Succeeded();
        AssertHostUntouched();
    }

    private static void AssertRefused(string setUp, string message, string hint)
    {
        Inside(setUp, $"{Machine.Tool} bind {Machine.Nic}").FailedWith(3, message, hint);
        Inside(setUp, $"{Machine.Tool} bind --dry-run {Machine.Nic}").FailedWith(3, message, hint);
    }

    // Runs commands in their own mount namespace.
    private static Result Inside(string setUp, string command) =>
        Machine.Run("unshare", "-m", "sh", "-ec", $"{setUp}\n{command}");
}
