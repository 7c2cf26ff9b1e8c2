namespace Vfio.Tests;

/// <summary>The public API is a text file; a change to it is a change in review.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_public_api_is_the_approved_one() =>
        PublicApi.AssertApproved(typeof(VfioDevice).Assembly, Path.Combine(Repository.Root, "tests", "Vfio.Tests"));
}
