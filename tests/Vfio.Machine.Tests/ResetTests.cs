namespace Vfio.Machine.Tests;

/// <summary>Resets by the tool: of one device, and of a bus with two.</summary>
public sealed class ResetTests : HostTest
{
    [Fact]
    public void A_bus_is_reset_when_both_of_its_devices_are_bound_and_refused_when_only_one_is()
    {
        Machine.Vfio("bind", Machine.GroupedEdu).Succeeded();
        Machine.Do($"echo {Machine.GroupedNic} > /sys/bus/pci/drivers/virtio-pci/unbind");
        Result refused = Machine.Vfio("reset", "--hot", Machine.GroupedEdu);
        Machine.Do($"echo {Machine.GroupedNic} > /sys/bus/pci/drivers/virtio-pci/bind");
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains(
            $"would also reset {Machine.GroupedNic} (no driver), which is not available to this program",
            refused.Errors,
            StringComparison.Ordinal);
        Assert.EndsWith(
            $"hint: bind the other devices of the bus: vfio bind {Machine.GroupedNic}\n",
            refused.Errors,
            StringComparison.Ordinal);
        Machine.Vfio("reset", "--hot", Machine.GroupedEdu).FailedWith(1, Machine.GroupedNic, "vfio bind");
        Machine.Vfio("bind", Machine.GroupedNic).Succeeded();
        string planned = Machine.Vfio("reset", "--hot", "--dry-run", Machine.GroupedEdu).Succeeded();
        string made = Machine.Vfio("reset", "--hot", Machine.GroupedEdu).Succeeded();
        foreach (string device in (string[])[Machine.GroupedEdu, Machine.GroupedNic])
        {
            Assert.Contains(device, planned, StringComparison.Ordinal);
            Assert.Contains(device, made, StringComparison.Ordinal);
        }

        Machine.Vfio("release", "--all").Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void A_device_on_the_root_bus_has_no_bus_to_reset()
    {
        Machine.Vfio("bind", Machine.Nic).Succeeded();
        Machine.Vfio("reset", "--hot", Machine.Nic)
            .FailedWith(1, "there is no bridge above the device that could do it", "a reset of only this device");
        Machine.Vfio("reset", "--dry-run", Machine.Edu).FailedWith(1, "is not bound", $"vfio bind {Machine.Edu}");
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        foreach (string[] options in (string[][])[["--dry-run"], []])
        {
            Machine.Vfio(["reset", .. options, Machine.Edu])
                .FailedWith(1, "the kernel has no method to reset", "there is no bridge above it");
        }

        Machine.Vfio("release", Machine.Edu).Succeeded();
        Machine.Vfio("reset", Machine.Nic).Succeeded();
        Machine.Vfio("release", Machine.Nic).Succeeded();
        AssertHostUntouched();
    }
}
