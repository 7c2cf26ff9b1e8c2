using System.Reflection;
using Xunit.v3;

namespace Vfio.Conformance.Tests;

/// <summary>
/// The traits by which test.sh chooses what runs on the host, in the machine, and in a machine without an IOMMU.
/// </summary>
[Trait("Backend", "in-process")]
public sealed class TraitTests
{
    private static readonly string[] Backends = ["in-process", "kernel", "noiommu"];

    [Fact]
    public void Every_class_has_one_backend()
    {
        Type[] classes = [.. typeof(TraitTests).Assembly.GetTypes().Where(HasCases)];
        Assert.Contains(typeof(IommufdDeviceTests), classes);
        Assert.Contains(typeof(TraitTests), classes);
        Type[] wrong =
            [.. classes.Where(type => BackendsOf(type) is not [string backend] || !Backends.Contains(backend))];
        string known = string.Join(", ", Backends);
        Assert.True(wrong.Length == 0, $"the trait Backend must be one of {known}: {string.Join<Type>(", ", wrong)}");
    }

    private static bool HasCases(Type type) => type is { IsClass: true, IsAbstract: false } && type.GetMethods()
        .Any(method => method.GetCustomAttributes(inherit: true).Any(attribute => attribute is IFactAttribute));

    private static string[] BackendsOf(Type type) => [.. type.GetCustomAttributes<TraitAttribute>(inherit: true)
        .Where(trait => trait.Name == "Backend").Select(trait => trait.Value)];
}
