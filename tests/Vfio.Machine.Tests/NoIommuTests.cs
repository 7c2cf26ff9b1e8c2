namespace Vfio.Machine.Tests;

/// <summary>In a machine that was started without an IOMMU.</summary>
[Trait("Machine", "no-iommu")]
public sealed class NoIommuTests : HostTest
{
    [Fact]
    public void A_device_without_an_IOMMU_is_refused_even_by_force()
    {
        Machine.Vfio("bind", Machine.Nic).FailedWith(3, "it is not behind an IOMMU", "IOMMU");
        Machine.Vfio("bind", "--force", Machine.Nic).FailedWith(3, "it is not behind an IOMMU", "IOMMU");
        AssertHostUntouched();
    }

    [Fact]
    public void A_device_without_an_IOMMU_is_bound_and_opened_only_if_both_are_requested_explicitly()
    {
        Machine.Do("modprobe vfio && echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
        Machine.Vfio("bind", "--noiommu", Machine.Edu)
            .FailedWith(3, "no-IOMMU mode is off", "enable_unsafe_noiommu_mode");
        AssertHostUntouched();
        Machine.Do("echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
        Machine.Vfio("bind", "--noiommu", "--user", Machine.User, Machine.Edu)
            .FailedWith(3, "only root can open a device without an IOMMU", "--user");
        Result bound = Machine.Vfio("bind", "--noiommu", Machine.Edu);
        Assert.True(bound.ExitCode == 0, bound.ToString());
        Assert.Contains("can access all memory of the host", bound.Errors, StringComparison.Ordinal);
        Machine.Vfio("read", Machine.Edu, "bar0")
            .FailedWith(1, "the device is not behind an IOMMU", "--backend noiommu");
        Assert.Equal(
            "0x010000ed", Machine.Vfio("read", "--backend", "noiommu", Machine.Edu, "bar0").Succeeded().Trim());
        Machine.VfioAsUser("read", "--backend", "noiommu", Machine.Edu, "bar0").FailedWith(1, "EACCES", "");
        Machine.Vfio("release", Machine.Edu).Succeeded();
        Machine.Do("echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
        AssertHostUntouched();
    }

    [Fact]
    public void The_list_still_works() =>
        Assert.Contains("00:14.3", Machine.Vfio("list").Succeeded(), StringComparison.Ordinal);

    [Fact]
    public void Groups_says_that_there_are_none() => Machine.Vfio("groups").FailedWith(1, "IOMMU", "VT-d or AMD-Vi");
}
