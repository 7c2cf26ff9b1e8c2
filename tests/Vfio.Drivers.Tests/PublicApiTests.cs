using System.Reflection;
using Vfio.Tests;

namespace Vfio.Drivers.Tests;

/// <summary>The public API of each package is a text file; a change to it is a change in review.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [MemberData(nameof(Packages.Names), MemberType = typeof(Packages))]
    public void The_public_api_is_the_approved_one(string package) =>
        PublicApi.AssertApproved(Assembly.Load(package), Path.Combine(Repository.Root, "tests", "Vfio.Drivers.Tests"));
}
