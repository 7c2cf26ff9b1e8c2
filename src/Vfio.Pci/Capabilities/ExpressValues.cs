using System.Globalization;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Values that several registers of the Express capability share (PCI Express Base Specification 6.0, section 7.5.3).
/// </summary>
internal static class ExpressValues
{
    internal const int Endpoint = 0;
    internal const int LegacyEndpoint = 1;
    internal const int RootPort = 4;
    internal const int UpstreamPort = 5;
    internal const int DownstreamPort = 6;
    internal const int BridgeToPci = 7;
    internal const int BridgeFromPci = 8;
    internal const int IntegratedEndpoint = 9;
    internal const int EventCollector = 10;

    internal static readonly IReadOnlyList<RegisterFieldValue> PortTypes = Names(
        "Endpoint",
        "Legacy Endpoint",
        "",
        "",
        "Root Port",
        "Upstream Port",
        "Downstream Port",
        "PCI-Express to PCI/PCI-X Bridge",
        "PCI/PCI-X to PCI-Express Bridge",
        "Root Complex Integrated Endpoint",
        "Root Complex Event Collector");

    internal static readonly IReadOnlyList<RegisterFieldValue> Payloads = Names(
        "128 bytes", "256 bytes", "512 bytes", "1024 bytes", "2048 bytes", "4096 bytes");

    internal static readonly IReadOnlyList<RegisterFieldValue> Speeds = Names(
        "", "2.5GT/s", "5GT/s", "8GT/s", "16GT/s", "32GT/s", "64GT/s");

    internal static readonly IReadOnlyList<RegisterFieldValue> Widths =
        [.. new ulong[] { 1, 2, 4, 8, 12, 16, 32 }.Select(
            lanes => new RegisterFieldValue(lanes, string.Create(CultureInfo.InvariantCulture, $"x{lanes}")))];

    internal static readonly IReadOnlyList<RegisterFieldValue> L0sLatencies = Names(
        "<64ns", "<128ns", "<256ns", "<512ns", "<1us", "<2us", "<4us", "unlimited");

    internal static readonly IReadOnlyList<RegisterFieldValue> L1Latencies = Names(
        "<1us", "<2us", "<4us", "<8us", "<16us", "<32us", "<64us", "unlimited");

    internal static bool IsDownstream(int type) => type is RootPort or DownstreamPort or BridgeFromPci;

    /// <summary>
    /// Gets a slot's power limit in watts (sections 7.5.3.3 and 7.5.3.9). Values above EFh mean fixed steps.
    /// </summary>
    internal static string PowerLimit(uint value, uint scale)
    {
        if (scale == 0 && value >= 0xf0)
        {
            return value == 0xff
                ? ">600W"
                : string.Create(CultureInfo.InvariantCulture, $"{250 + (25 * (value - 0xf0))}W");
        }

        decimal[] scales = [1m, 0.1m, 0.01m, 0.001m];
        return string.Create(CultureInfo.InvariantCulture, $"{value * scales[scale & 3]:0.###}W");
    }
}
