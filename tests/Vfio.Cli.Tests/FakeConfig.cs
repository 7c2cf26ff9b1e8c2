using System.Globalization;

namespace Vfio.Cli.Tests;

/// <summary>
/// Holds the configuration space of real devices, from hexadecimal dumps: offset, colon, bytes. Omitted bytes are zero.
/// </summary>
internal static class FakeConfig
{
    /// <summary>QEMU's 82574: power management, MSI, MSI-X, PCI Express, error reporting, serial number.</summary>
    public static byte[] Intel82574() => Parse(
        """
        00: 86 80 d3 10 07 05 10 00 00 00 00 02 00 00 00 00
        10: 00 00 b4 fe 00 00 b6 fe a1 e1 00 00 00 40 ba fe
        20: 00 00 00 00 00 00 00 00 00 00 00 00 86 80 00 00
        30: 00 00 00 00 c8 00 00 00 00 00 00 00 0a 01 00 00
        a0: 11 00 04 80 03 00 00 00 03 20 00 00 00 00 00 00
        c0: 00 00 00 00 00 00 00 00 01 d0 22 00 00 00 00 00
        d0: 05 e0 80 00 00 00 00 00 00 00 00 00 00 00 00 00
        e0: 10 a0 91 00 20 80 00 00 00 00 00 00 11 04 00 00
        f0: 00 00 11 00 00 00 00 00 00 00 00 00 00 00 00 00
        100: 01 00 02 14 00 00 00 00 00 00 40 02 30 20 46 00
        110: 00 00 00 00 00 e0 00 00 a0 00 00 00 00 00 00 00
        140: 03 00 01 00 12 00 00 ff ff 00 54 52 00 00 00 00
        """);

    /// <summary>Reads the lines of a dump.</summary>
    public static byte[] Parse(string dump)
    {
        byte[] config = new byte[4096];
        foreach (string line in dump.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(": ");
            Convert.FromHexString(parts[1].Replace(" ", "", StringComparison.Ordinal))
                .CopyTo(config, int.Parse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        }

        return config;
    }
}
