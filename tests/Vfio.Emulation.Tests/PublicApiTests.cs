using Vfio.Tests;

namespace Vfio.Emulation.Tests;

/// <summary>The public API of the package is a text file; a change to it is a change in review.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_public_api_is_the_approved_one() =>
        PublicApi.AssertApproved(
            typeof(DeviceModel).Assembly, Path.Combine(Repository.Root, "tests", "Vfio.Emulation.Tests"));
}
