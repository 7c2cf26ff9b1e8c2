namespace Vfio.Tests;

/// <summary>Whether there is time for more of the same: <c>./test.sh --soak</c> sets VFIO_SOAK=1.</summary>
internal static class Soak
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("VFIO_SOAK") == "1";

    /// <summary>How often something is done: often enough to find what is wrong at every change, or very often.</summary>
    public static int Times(int usually, int soaking) => IsOn ? soaking : usually;
}
