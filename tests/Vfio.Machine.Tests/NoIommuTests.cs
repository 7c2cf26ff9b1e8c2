namespace Vfio.Machine.Tests;

/// <summary>In a machine that was started without an IOMMU.</summary>
[Trait("Machine", "no-iommu")]
public sealed class NoIommuTests : HostTest
{
    [Fact]
    public void A_device_without_an_IOMMU_is_refused_even_by_force()
    {
        Machine.Vfio("bind", Machine.Nic).FailedWith(3, "no IOMMU is in front of it", "IOMMU");
        Machine.Vfio("bind", "--force", Machine.Nic).FailedWith(3, "no IOMMU is in front of it", "IOMMU");
        AssertHostUntouched();
    }

    [Fact]
    public void The_list_still_works() =>
        Assert.Contains("00:14.3", Machine.Vfio("list").Succeeded(), StringComparison.Ordinal);

    [Fact]
    public void Groups_says_that_there_are_none() => Machine.Vfio("groups").FailedWith(1, "IOMMU", "VT-d or AMD-Vi");
}
