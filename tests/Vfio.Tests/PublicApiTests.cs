namespace Vfio.Tests;

/// <summary>The public API of each assembly is a text file; a change to it is a change in review.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData(typeof(Vfio.Pci.PciAddress))]
    [InlineData(typeof(VfioDevice))]
    [InlineData(typeof(Vfio.Host.BindingPlan))]
    public void The_public_api_is_the_approved_one(Type any) =>
        PublicApi.AssertApproved(any.Assembly, Path.Combine(Repository.Root, "tests", "Vfio.Tests"));
}
