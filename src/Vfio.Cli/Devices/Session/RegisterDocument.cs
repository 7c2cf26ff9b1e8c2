using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Describes a register and its value, in a document about one region.</summary>
internal sealed record RegisterDocument(ulong Offset, string? Value, string? Name, FieldDocument[] Fields)
{
    public static RegisterDocument Of(RegisterPlace place, ulong value) =>
        new(place.Place.Offset, place.Format(value), place.Register?.Name, FieldDocument.Of(place.Register, value));
}

/// <summary>Describes a register of any region.</summary>
internal sealed record PlacedRegisterDocument(
    string Region, ulong Offset, int Width, string Value, string? Name, FieldDocument[] Fields)
{
    public static PlacedRegisterDocument Of(RegisterPlace place, ulong value) =>
        new(
            place.Place.RegionName,
            place.Place.Offset,
            place.Bits,
            place.Format(value),
            place.Register?.Name,
            FieldDocument.Of(place.Register, value));
}

/// <summary>Describes a field of a register and its value.</summary>
internal sealed record FieldDocument(string Name, string Value, string Text)
{
    public static FieldDocument[] Of(RegisterDescription? register, ulong value) =>
        [.. (register?.Fields ?? []).Select(field => new FieldDocument(
            field.Name,
            string.Create(CultureInfo.InvariantCulture, $"0x{field.Extract(value):x}"),
            field.Describe(value)))];
}
