using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Describes a dump as JSON: the fields of the header, and <c>registers</c> as in <c>vfio read --json</c>.
/// </summary>
internal sealed record DumpDocument(
    string Address,
    string VendorId,
    string DeviceId,
    string Region,
    ulong Length,
    int Width,
    DateTime Time,
    IEnumerable<RegisterDocument> Registers)
{
    public static void Write(TextWriter output, DumpHeader header, RegisterMap? map, IEnumerable<DumpRow> rows) =>
        Json.Write(
            output,
            new DumpDocument(
                header.Address.ToString(),
                DeviceDocument.Id(header.VendorId),
                DeviceDocument.Id(header.DeviceId),
                header.RegionName,
                header.Length,
                header.Bits,
                header.Time.UtcDateTime,
                rows.SelectMany(row => RegistersOf(row, map, header.Bits / 8))),
            CliJson.Write);

    private static IEnumerable<RegisterDocument> RegistersOf(DumpRow row, RegisterMap? map, int bytes)
    {
        int step;
        for (int i = 0; i < row.Length; i += step)
        {
            step = i + bytes <= row.Length ? bytes : 1;
            ulong offset = row.Offset + (ulong)i;
            RegisterDescription? description = map?.FindAt(offset) is RegisterDescription found && found.Width == step
                ? found
                : null;
            yield return row.IsKnown(i, step) && row.Number(i, step) is ulong value
                ? new RegisterDocument(
                    offset,
                    RegisterWidth.Format(value, step * 8),
                    description?.Name,
                    FieldDocument.Of(description, value))
                : new RegisterDocument(offset, null, description?.Name, []);
        }
    }
}
