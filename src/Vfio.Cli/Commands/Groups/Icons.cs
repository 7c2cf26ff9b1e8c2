using System.Globalization;

namespace Vfio.Cli;

/// <summary>A small sign for each state: another shape for each, so that nobody needs the colours.</summary>
internal static class Icons
{
    public const double Size = 14;

    public static IEnumerable<PathShape> Of(NodeState state, double x, double y) => state switch
    {
        NodeState.CanBeTaken => [Path(x, y, Circle(5.5), "i-line i-green"), Path(x, y, Circle(2.2), "i-fill f-green")],
        NodeState.Taken => [Path(x, y, Circle(6.5), "i-fill f-blue"), Path(x, y, "M-3 0l2.2 2.5l4-5", "i-mark")],
        NodeState.Blocked => [Path(x, y, "M-2.8-6.5h5.6l3.7 3.7v5.6l-3.7 3.7h-5.6l-3.7-3.7v-5.6z", "i-fill f-red"), Path(x, y, "M-3.2 0h6.4", "i-mark")],
        NodeState.InUse => [Path(x, y, "M0-6.5l7 12.5h-14z", "i-fill f-amber"), Path(x, y, "M0-2.2v3.6M0 3.2v1.2", "i-mark")],
        NodeState.NoIommu => [Path(x, y, Circle(5.5) + "M-3.9 3.9l7.8-7.8", "i-line i-grey")],
        NodeState.Bridge => [Path(x, y, "M0-6l6 6l-6 6l-6-6z", "i-line i-grey")],
        _ => [],
    };

    /// <summary>Points down: a link that could be faster.</summary>
    public static PathShape Slow(double x, double y) => Path(x, y, "M-5-4h10l-5 8.5z", "i-fill f-amber");

    private static string Circle(double radius) =>
        string.Create(CultureInfo.InvariantCulture, $"M{-radius} 0a{radius} {radius} 0 1 0 {2 * radius} 0a{radius} {radius} 0 1 0 {-2 * radius} 0");

    // The data is relative to the sign's middle.
    private static PathShape Path(double x, double y, string data, string style) =>
        new(data, style, 0, y, y + Size) { X = x + (Size / 2), Y = y + (Size / 2) };
}
