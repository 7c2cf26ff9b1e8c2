using Vfio.Pci;

namespace Vfio.Machine.Tests;

/// <summary>Each way in which a command can fail: one clear line, a hint, and the right exit code.</summary>
public sealed class ErrorTests : HostTest
{
    [Theory]
    [InlineData("14.3")]
    [InlineData("0000:00:20.0")]
    [InlineData("0000:00:14.8")]
    [InlineData("zebra")]
    public void A_malformed_address(string text)
    {
        Result result = Machine.Vfio("read", text, "bar0");
        result.FailedWith(2, text, "vfio list");
        Assert.Contains("0000:00:14.3", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void An_absent_device() => Machine.Vfio("read", "0000:7f:00.0", "bar0")
        .FailedWith(1, "0000:7f:00.0", "vfio list");

    [Fact]
    public void A_device_that_is_not_bound() => Machine.Vfio("read", Machine.Nic, "bar0")
        .FailedWith(1, "e1000e", $"vfio bind {Machine.Nic}");

    [Fact]
    public void A_device_without_a_driver() => Machine.Vfio("read", Machine.Edu, "bar0")
        .FailedWith(1, "no driver", $"vfio bind {Machine.Edu}");

    [Fact]
    public void Not_permitted_to_open()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Machine.VfioAsUser("read", Machine.Edu, "bar0").FailedWith(1, "EACCES", "bind --user");
    }

    [Fact]
    public void Not_permitted_to_bind() => Machine.VfioAsUser("bind", Machine.Edu).FailedWith(1, "EACCES", "sudo");

    [Fact]
    public void Not_permitted_to_release()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Machine.VfioAsUser("release", Machine.Edu).FailedWith(1, "EACCES", "sudo");
    }

    [Fact]
    public void An_unknown_user() => Machine.Vfio("bind", "--user", "nosuchuser", Machine.Edu)
        .FailedWith(1, "nosuchuser", "getent");

    [Fact]
    public void Vfio_pci_is_not_available()
    {
        Machine.Do("modprobe -r vfio-pci && mkdir -p /tmp/empty && mount --bind /tmp/empty /lib/modules");
        try
        {
            Machine.Vfio("bind", Machine.Edu).FailedWith(3, "are not in /lib/modules", "reboot");
        }
        finally
        {
            Machine.Do("umount /lib/modules");
        }

        AssertHostUntouched();
    }

    [Theory]
    [InlineData("bar0+0x100000", 1, "outside", "")]
    [InlineData("bar0+0xfffffffffffffffc", 1, "outside", "")]
    [InlineData("config+0x10000", 1, "outside", "")]
    [InlineData("bar3", 1, "does not implement it", "BAR0")]
    [InlineData("bar0+2", 2, "align", "")]
    public void A_place_that_cannot_be_read(string place, int exitCode, string message, string hint)
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Machine.Vfio("read", Machine.Edu, place).FailedWith(exitCode, message, hint);
    }

    [Fact]
    public void A_place_that_makes_no_sense() => Machine.Vfio("read", Machine.Edu, "bar9")
        .FailedWith(2, "neither a place nor a register", "bar0+0x10");

    [Fact]
    public void An_io_port_bar_works_through_the_descriptor()
    {
        Machine.Vfio("bind", Machine.TestDevice).Succeeded();
        Assert.Matches("0x[0-9a-f]+", Machine.Vfio("read", Machine.TestDevice, "bar1", "-w", "8").Succeeded());
        using VfioDevice device = VfioDevice.Open(PciAddress.Parse(Machine.TestDevice));
        using Region bar1 = device.OpenRegion(RegionIndex.Bar1);
        Assert.False(bar1.IsMapped);
        // Selects test 0; the name of the selected test is read back at 16 (QEMU's docs/specs/pci-testdev).
        bar1.WriteByte(0, 0);
        Assert.Equal((byte)'p', bar1.ReadByte(16));
        Assert.Equal((byte)'o', bar1.ReadByte(17));
    }

    [Fact]
    public void Memory_decoding_switched_off_within_one_open_is_an_error_not_a_dead_process()
    {
        const uint memorySpaceEnable = 1 << 1;
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        using VfioDevice device = VfioDevice.Open(PciAddress.Parse(Machine.Edu));
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        using Region config = device.OpenRegion(RegionIndex.Config);
        uint identification = bar0.ReadUInt32(0);

        ushort command = config.ReadUInt16(4);
        config.WriteUInt16(4, (ushort)(command & ~memorySpaceEnable));
        VfioException failure = Assert.Throws<VfioException>(() => bar0.ReadUInt32(0));
        Assert.Contains("EIO", failure.Message, StringComparison.Ordinal);
        Assert.Contains("decoding", failure.Hint, StringComparison.Ordinal);

        config.WriteUInt16(4, command);
        Assert.Equal(identification, bar0.ReadUInt32(0));
    }

    [Fact]
    public void A_device_open_elsewhere_names_the_process()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        using Holder holder = new(Machine.Edu);
        Machine.Vfio("read", Machine.Edu, "bar0").FailedWith(1, "EBUSY", $"pid {holder.Id} (readbar0, user root)");
        Assert.Contains($"{holder.Id}", Machine.Vfio("status").Succeeded(), StringComparison.Ordinal);
        Machine.Do($"chown {Machine.User} /dev/vfio/{Machine.Group(Machine.Edu)}");
        Machine.VfioAsUser("read", Machine.Edu, "bar0").FailedWith(1, "EBUSY", "only root can see");
        Machine.Do($"chown root /dev/vfio/{Machine.Group(Machine.Edu)}");

        Machine.Vfio("release", Machine.Edu).FailedWith(3, $"pid {holder.Id} (readbar0, user root)", "--force");
        Assert.Equal("vfio-pci", Machine.Device(Machine.Edu).Driver);
        holder.LetGo();
        Machine.Vfio("release", Machine.Edu).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void A_forced_release_waits_in_a_child_and_a_later_release_finishes()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        using Holder holder = new(Machine.Edu);
        Machine.Vfio("release", "--force", Machine.Edu).FailedWith(1, $"pid {holder.Id}", "vfio release");
        holder.LetGo();
        Assert.True(Machine.Becomes(() => Machine.Device(Machine.Edu).Driver is null));
        Machine.Vfio("release", Machine.Edu).Succeeded();
        AssertHostUntouched();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"version\": 1, \"address\": \"0000:00:03.0\",")]
    [InlineData("\u0001\u0002 not json")]
    public void A_corrupt_journal(string content)
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        File.WriteAllText($"/run/vfio/{Machine.Edu}.json", content);
        Assert.Contains("corrupt", Machine.Vfio("status").Output, StringComparison.Ordinal);
        Machine.Vfio("release", Machine.Edu).FailedWith(1, "corrupt", $"vfio release --force {Machine.Edu}");
        Machine.Vfio("release", "--all").FailedWith(1, "corrupt", $"vfio release --force {Machine.Edu}");
        Machine.Vfio("bind", Machine.Edu).FailedWith(1, "corrupt", $"vfio release --force {Machine.Edu}");
        Machine.Vfio("release", "--force", Machine.Edu).Succeeded();
        AssertHostUntouched();
    }
}
