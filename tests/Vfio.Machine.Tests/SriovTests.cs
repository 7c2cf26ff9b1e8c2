using System.Text.Json;

namespace Vfio.Machine.Tests;

/// <summary>
/// Virtual functions of the igb: created by its own driver and by vfio-pci, bound, used, and removed again.
/// </summary>
public sealed class SriovTests : HostTest
{
    private const string Token = "6f1a1e0a-6f5c-4c3e-9d6f-0d3a3c1a2b11";

    [Fact]
    public void They_are_created_bound_used_and_released_with_their_device()
    {
        Machine.Need(Machine.Igb);
        string[] functions = Make(2);
        Assert.Equal(2, functions.Length);
        Machine.Vfio(["bind", .. functions]).Succeeded();
        Assert.All(functions, function => Assert.StartsWith(
            "0x", Machine.Vfio("read", function, "bar0").Succeeded(), StringComparison.Ordinal));
        Result refused = Machine.Vfio("sriov", Machine.Igb, "0");
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("it is bound, and would vanish", refused.Errors, StringComparison.Ordinal);
        string released = Machine.Vfio("release", "--all").Succeeded();
        Assert.Contains($"{Machine.Igb} has 0 virtual functions again", released, StringComparison.Ordinal);
        AssertHostUntouched();
    }

    [Fact]
    public void A_bound_device_can_have_them_too_and_a_secret_is_needed_to_open_them()
    {
        Machine.Need(Machine.Igb);
        Machine.Vfio("bind", Machine.Igb).Succeeded();
        string[] functions = Make(1, "--token", Token);
        string function = Assert.Single(functions);
        Assert.Equal("vfio-pci", Machine.Device(function).Driver);
        Machine.Vfio("read", function, "bar0").FailedWith(1, "EACCES", "VirtualFunctionToken");
        Result read = Machine.Run("env", $"VFIO_VF_TOKEN={Token}", Machine.Tool, "read", function, "bar0");
        Assert.StartsWith("0x", read.Succeeded(), StringComparison.Ordinal);
        Machine.Vfio("sriov", Machine.Igb, "0").Succeeded();
        Assert.False(Directory.Exists($"/sys/bus/pci/devices/{function}"));
        Assert.Equal("N", File.ReadAllText("/sys/module/vfio_pci/parameters/enable_sriov").Trim());
        Machine.Vfio("release", "--all").Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void A_variant_driver_for_the_device_is_bound_if_it_is_requested()
    {
        Assert.SkipUnless(
            Machine.Shell("modinfo virtio_vfio_pci").ExitCode == 0,
            "this kernel has no virtio_vfio_pci (CONFIG_VIRTIO_VFIO_PCI)");
        Machine.Vfio("bind", "--driver", "igb", Machine.VirtioNet)
            .FailedWith(1, "no VFIO driver 'igb' for this device", "virtio_vfio_pci");
        string before = Machine.Do("lsmod | awk '{ print $1 }' | sort");
        Machine.Vfio("bind", "--driver", "virtio-vfio-pci", Machine.VirtioNet).Succeeded();
        Assert.Equal("virtio_vfio_pci", Machine.Device(Machine.VirtioNet).Driver);
        Machine.Vfio("read", Machine.VirtioNet, "config").Succeeded();
        Machine.Vfio("release", Machine.VirtioNet).Succeeded();
        Assert.Equal(before, Machine.Do("lsmod | awk '{ print $1 }' | sort"));
        AssertHostUntouched();
    }

    [Fact]
    public void A_module_that_was_loaded_for_a_bind_is_unloaded_with_the_last_release()
    {
        string before = Machine.Do("rmmod vfio_pci vfio_pci_core || :; lsmod | awk '{ print $1 }' | sort");
        Assert.DoesNotContain("vfio_pci", before, StringComparison.Ordinal);
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Machine.Vfio("bind", Machine.TestDevice).Succeeded();
        Machine.Vfio("release", Machine.Edu).Succeeded();
        Assert.Contains("vfio_pci", Machine.Do("lsmod"), StringComparison.Ordinal);
        Machine.Vfio("release", Machine.TestDevice).Succeeded();
        Assert.Equal(before, Machine.Do("lsmod | awk '{ print $1 }' | sort"));
        Machine.Do("modprobe vfio-pci");
        AssertHostUntouched();
    }

    private static string[] Make(int count, params string[] options)
    {
        using JsonDocument made = JsonDocument.Parse(
            Machine.Vfio(["sriov", Machine.Igb, $"{count}", "--json", .. options]).Succeeded());
        return [.. made.RootElement
            .GetProperty("functions")
            .EnumerateArray()
            .Select(function => function.GetProperty("address").GetString()!)];
    }
}
