using System.Globalization;

namespace Vfio.Cli;

/// <summary>Formats a PCI Express link.</summary>
internal static class LinkText
{
    /// <summary>Formats speed and width, as far as they are known: <c>8 GT/s x4</c>.</summary>
    /// <param name="speed">The speed in GT/s.</param>
    /// <param name="width">The number of lanes.</param>
    public static string Describe(double? speed, int? width)
    {
        string lanes = width is null ? "" : string.Create(CultureInfo.InvariantCulture, $"x{width}");
        return speed is null
            ? lanes
            : string.Create(CultureInfo.InvariantCulture, $"{speed:0.#} GT/s {lanes}").TrimEnd();
    }
}
