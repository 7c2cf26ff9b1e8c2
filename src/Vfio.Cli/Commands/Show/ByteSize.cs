using System.Globalization;

namespace Vfio.Cli;

/// <summary>Formats sizes for people.</summary>
internal static class ByteSize
{
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Formats a size in the largest unit that gives a whole number.</summary>
    public static string Format(ulong bytes)
    {
        int unit = 0;
        while (bytes != 0 && bytes % 1024 == 0 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return string.Create(
            CultureInfo.InvariantCulture, $"{bytes} {(bytes == 1 && unit == 0 ? "byte" : Units[unit])}");
    }
}
