namespace Vfio.Cli;

/// <summary>Describes what <c>vfio diff</c> found, as JSON.</summary>
internal sealed record DiffDocument(DiffSide Old, DiffSide New, IEnumerable<RegisterDifference> Differences);

/// <summary>Describes one of the two dumps or devices.</summary>
internal sealed record DiffSide(
    string Name, string Address, string VendorId, string DeviceId, string Region, ulong Length, DateTime? Time)
{
    public static DiffSide Of(string name, DumpHeader header) => new(
        name,
        header.Address.ToString(),
        DeviceDocument.Id(header.VendorId),
        DeviceDocument.Id(header.DeviceId),
        header.RegionName,
        header.Length,
        header.Time == default ? null : header.Time.UtcDateTime);
}

/// <summary>Describes a register that differs.</summary>
internal sealed record RegisterDifference(
    ulong Offset, int Width, string? Name, string Old, string New, IEnumerable<string> Changes)
{
    public static RegisterDifference Of(DumpDifference difference)
    {
        RegisterPlace place = difference.Place;
        return new RegisterDifference(
            place.Place.Offset,
            place.Bits,
            place.Register?.Name,
            place.Format(difference.Before),
            place.Format(difference.After),
            FieldText.Changes(place.Register, difference.Before, difference.After));
    }
}
