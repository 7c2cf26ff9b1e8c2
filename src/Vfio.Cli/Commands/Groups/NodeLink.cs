namespace Vfio.Cli;

/// <summary>The link between a device and the bridge above it.</summary>
/// <param name="Text">What it runs at: <c>8 GT/s x4</c>; empty where there is none that is known.</param>
/// <param name="Detail">Whether that is all it can do; why there is none.</param>
/// <param name="Lanes">0 where not known.</param>
/// <param name="IsSlow">Whether both ends could do more.</param>
internal sealed record NodeLink(string Text, string Detail, int Lanes, bool IsSlow)
{
    public static NodeLink None(string why) => new("", why, 0, IsSlow: false);

    /// <summary>What the two ends of a link say of it.</summary>
    /// <param name="above">The port above; <see langword="null"/> where it has none.</param>
    /// <param name="own">The device.</param>
    public static NodeLink Between(PciLink? above, PciLink? own)
    {
        double? speed = own?.CurrentSpeed ?? above?.CurrentSpeed;
        int? width = own?.CurrentWidth ?? above?.CurrentWidth;
        if (speed is null && width is null)
        {
            return None("not known");
        }

        double? bestSpeed = Least(above?.MaxSpeed, own?.MaxSpeed);
        int? bestWidth = (int?)Least(above?.MaxWidth, own?.MaxWidth);
        bool isSlow = speed < bestSpeed || width < bestWidth;
        string detail = isSlow ? $"could do {LinkText.Describe(bestSpeed, bestWidth)}"
            : bestSpeed is null || bestWidth is null ? ""
            : "its full speed";
        return new NodeLink(LinkText.Describe(speed, width), detail, width ?? 0, isSlow);
    }

    private static double? Least(double? left, double? right) => left is null ? right : right is null ? left : Math.Min(left.Value, right.Value);
}
