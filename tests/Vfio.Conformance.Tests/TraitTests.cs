using System.Reflection;
using Xunit.v3;

namespace Vfio.Conformance.Tests;

/// <summary>The traits by which test.sh chooses what runs on the host, in the machine, and in a machine without an IOMMU.</summary>
[Trait("Backend", "in-process")]
public sealed class TraitTests
{
    private static readonly string[] Backends = ["in-process", "kernel", "noiommu"];

    [Fact]
    public void Every_class_has_one_backend()
    {
        string[] wrong = [.. Classes.Where(type => Values(type, "Backend") is not [string backend] || !Backends.Contains(backend)).Select(type => type.Name)];
        Assert.True(wrong.Length == 0, $"these run nowhere or twice, without [Trait(\"Backend\", …)] of one of {string.Join(", ", Backends)}: {string.Join(", ", wrong)}");
    }

    [Fact]
    public void Whatever_is_bound_is_released_at_the_end_of_its_class()
    {
        string[] wrong = [.. Classes
            .Where(type => type.GetConstructors().Any(constructor => constructor.GetParameters().Any(parameter => parameter.ParameterType == typeof(BoundDevices))))
            .Where(type => !type.IsAssignableTo(typeof(IClassFixture<BoundDevices>)))
            .Select(type => type.Name)];
        Assert.Empty(wrong);
    }

    // Those with test cases: 40 classes and more, each contract on each backend among them.
    private static List<Type> Classes
    {
        get
        {
            List<Type> classes = [.. typeof(TraitTests).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.GetMethods()
                .Any(method => method.GetCustomAttributes(inherit: true).Any(attribute => attribute is IFactAttribute)))];
            Assert.Contains(typeof(IommufdDeviceTests), classes);
            Assert.Contains(typeof(TraitTests), classes);
            return classes;
        }
    }

    private static string[] Values(Type type, string name) =>
        [.. type.GetCustomAttributes<TraitAttribute>(inherit: true).Where(trait => trait.Name == name).Select(trait => trait.Value)];
}
