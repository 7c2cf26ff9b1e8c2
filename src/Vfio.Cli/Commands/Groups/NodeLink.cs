namespace Vfio.Cli;

/// <summary>Represents the link between a device and the bridge above it.</summary>
/// <param name="Text">The current speed and width: <c>8 GT/s x4</c>; empty if there is no link or it is
/// unknown.</param>
/// <param name="Detail">Whether this is the maximum, or why there is no link.</param>
/// <param name="Lanes">The number of lanes; 0 if unknown.</param>
/// <param name="IsSlow">Whether both ends support more.</param>
internal sealed record NodeLink(string Text, string Detail, int Lanes, bool IsSlow)
{
    public static NodeLink None(string why) => new("", why, 0, IsSlow: false);

    /// <summary>Combines what both ends report about their link.</summary>
    /// <param name="above">The port above; <see langword="null"/> if it reports no link.</param>
    /// <param name="own">The device.</param>
    public static NodeLink Between(PciLink? above, PciLink? own)
    {
        double? speed = own?.CurrentSpeed ?? above?.CurrentSpeed;
        int? width = own?.CurrentWidth ?? above?.CurrentWidth;
        if (speed is null && width is null)
        {
            return None("unknown");
        }

        double? bestSpeed = Least(above?.MaxSpeed, own?.MaxSpeed);
        int? bestWidth = (int?)Least(above?.MaxWidth, own?.MaxWidth);
        bool isSlow = speed < bestSpeed || width < bestWidth;
        string detail = isSlow ? $"supports {LinkText.Describe(bestSpeed, bestWidth)}"
            : bestSpeed is null || bestWidth is null ? ""
            : "its full speed";
        return new NodeLink(LinkText.Describe(speed, width), detail, width ?? 0, isSlow);
    }

    private static double? Least(double? left, double? right) =>
        left is null ? right : right is null ? left : Math.Min(left.Value, right.Value);
}
