namespace Vfio.Conformance.Tests;

/// <summary>
/// Whether tests that scale make all their rounds (<c>VFIO_SOAK=1</c>, set by <c>./test.sh --soak</c>) or fewer.
/// </summary>
internal static class Soak
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("VFIO_SOAK") == "1";
}
