using System.Globalization;
using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Writes configuration space in hexadecimal, in the format of <c>lspci -D -xxxx</c>, which <c>lspci -F</c> reads.
/// </summary>
internal static class ConfigDump
{
    private const int BytesOnALine = 16;

    public static void Write(CliHost host, ShownDevice shown)
    {
        if (shown.ConfigBytes.Length == 0)
        {
            throw new CliException(
                $"show: configuration space of {shown.Identity.Name} cannot be read",
                "the device may be suspended or removed: vfio show tells its power state");
        }

        DeviceNames names = new(host);
        DeviceIdentity device = shown.Identity;
        string className = names.Class(device) is not string name ? $"Class [{device.Class.ToShortString()}]"
            : name == names.BaseClass(device) ? $"{name} [{device.Class.ToShortString()}]"
            : name;
        string revision = shown.Revision is byte number and not 0
            ? string.Create(CultureInfo.InvariantCulture, $" (rev {number:x2})")
            : "";
        host.Out.WriteLine(Printable.Clean($"{device.Address} {className}: {names.FullName(device)}{revision}"));
        StringBuilder line = new();
        for (int i = 0; i < shown.ConfigBytes.Length; i += BytesOnALine)
        {
            line.Clear().Append(CultureInfo.InvariantCulture, $"{i:x2}:");
            foreach (byte value in shown.ConfigBytes[i..Math.Min(i + BytesOnALine, shown.ConfigBytes.Length)])
            {
                line.Append(CultureInfo.InvariantCulture, $" {value:x2}");
            }

            host.Out.WriteLine(line);
        }

        host.Out.WriteLine();
    }
}
