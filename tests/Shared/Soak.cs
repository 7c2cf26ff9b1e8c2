namespace Vfio.Tests;

/// <summary>Tells whether there is time for more rounds: <c>./test.sh --soak</c> sets VFIO_SOAK=1.</summary>
internal static class Soak
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("VFIO_SOAK") == "1";

    /// <summary>
    /// Returns how often to repeat something: often enough to find errors at every change, or very often.
    /// </summary>
    public static int Times(int usually, int soaking) => IsOn ? soaking : usually;
}
