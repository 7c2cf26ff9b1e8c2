using System.Globalization;

namespace Vfio.Cli;

/// <summary>Numbers as SVG writes them.</summary>
internal static class SvgNumber
{
    public static string Of(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
