using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>A dump as JSON: the header's fields and <c>registers</c>, as <c>vfio read --json</c> has them.</summary>
internal static class DumpJson
{
    public static void Write(TextWriter output, DumpHeader header, RegisterMap? map, IEnumerable<DumpRow> rows)
    {
        using Json json = new(output);
        json.Writer.WriteStartObject();
        json.Writer.WriteString("address", header.Address.ToString());
        json.Writer.WriteString("vendorId", header.VendorId.ToString("x4", CultureInfo.InvariantCulture));
        json.Writer.WriteString("deviceId", header.DeviceId.ToString("x4", CultureInfo.InvariantCulture));
        json.Writer.WriteString("region", header.RegionName);
        json.Writer.WriteNumber("length", header.Length);
        json.Writer.WriteNumber("width", header.Bits);
        json.Writer.WriteString("time", header.Time.UtcDateTime);
        json.WriteArray("registers", rows.SelectMany(row => Registers(row, header.Bits / 8)), (writer, register) =>
        {
            RegisterDescription? description = map?.At(register.Offset) is RegisterDescription found && found.Width == register.Bytes ? found : null;
            writer.WriteStartObject();
            writer.WriteNumber("offset", register.Offset);
            writer.WriteString("value", register.Value is ulong value ? RegisterWidth.Format(value, register.Bytes * 8) : null);
            writer.WriteText("name", description?.Name);
            writer.WriteFields(register.Value is null ? null : description, register.Value ?? 0);
            writer.WriteEndObject();
        });
        json.Writer.WriteEndObject();
    }

    private static IEnumerable<(ulong Offset, int Bytes, ulong? Value)> Registers(DumpRow row, int bytes)
    {
        int step;
        for (int i = 0; i < row.Length; i += step)
        {
            step = i + bytes <= row.Length ? bytes : 1;
            yield return (row.Offset + (ulong)i, step, row.IsKnown(i, step) ? row.Number(i, step) : null);
        }
    }
}
