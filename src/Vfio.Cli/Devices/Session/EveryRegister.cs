using System.Globalization;
using System.Text.RegularExpressions;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents all registers of a device that have names, except those that are not read by default.</summary>
internal sealed partial class EveryRegister
{
    private const int MostElements = 16;
    private const int MostNamed = 6;

    private readonly List<RegisterPlace> _places = [];
    private readonly List<string> _changed = [], _writeOnly = [], _absent = [];
    private readonly SortedDictionary<string, int> _arrays = new(StringComparer.Ordinal);

    /// <param name="session">The open device.</param>
    public EveryRegister(RegisterSession session)
    {
        foreach (RegisterMap map in session.Names.Maps)
        {
            ulong length = session.Device.GetRegionInfo(map.Region) is { CanRead: true } info ? info.Length : 0;
            HashSet<RegisterDescription> unreadable = [.. RegionRows.Unreadable(map)];
            foreach (RegisterDescription register in map.Registers)
            {
                Sort(
                    new RegisterPlace(new Place(map.Region, register.Offset), register.Width * 8, register),
                    unreadable.Contains(register),
                    length);
            }
        }
    }

    /// <summary>Gets the registers, in the order of the maps and of their offsets.</summary>
    public IReadOnlyList<RegisterPlace> Places => _places;

    /// <summary>Describes what was left out, one sentence for each reason.</summary>
    public IEnumerable<string> LeftOut()
    {
        if (_changed.Count != 0)
        {
            yield return $"{Count(_changed)} with read side effects: {Names(_changed)}";
        }

        if (_writeOnly.Count != 0)
        {
            yield return $"{Count(_writeOnly)} that can only be written: {Names(_writeOnly)}";
        }

        if (_absent.Count != 0)
        {
            yield return $"{Count(_absent)} outside the device's region: {Names(_absent)}";
        }

        if (_arrays.Count != 0)
        {
            string arrays = string.Join(", ", _arrays.Take(MostNamed)
                .Select(array => string.Create(CultureInfo.InvariantCulture, $"{array.Key} ({array.Value} more)")));
            yield return $"array elements from index {MostElements} on: "
                + $"{arrays}{(_arrays.Count > MostNamed ? ", …" : "")}";
        }
    }

    private void Sort(RegisterPlace place, bool isUnreadable, ulong length)
    {
        RegisterDescription register = place.Register!;
        if (isUnreadable)
        {
            (register.Access == RegisterAccess.ReadHasSideEffects ? _changed : _writeOnly).Add(register.Name);
        }
        else if (register.CanPeek && register.Offset + (ulong)register.Width > length)
        {
            _absent.Add(register.Name);
        }
        else if (register.CanPeek
            && Element().Match(register.Name) is { Success: true } element
            && int.TryParse(
                element.Groups["number"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= MostElements)
        {
            string array = element.Groups["array"].Value;
            _arrays[array] = _arrays.GetValueOrDefault(array) + 1;
        }
        else if (register.CanPeek)
        {
            _places.Add(place);
        }
    }

    private static string Count(List<string> names) => names.Count == 1 ? "1 register" : $"{names.Count} registers";

    private static string Names(List<string> names) =>
        string.Join(", ", names.Take(MostNamed)) + (names.Count > MostNamed ? ", …" : "");

    // MTA[17], RAL17
    [GeneratedRegex(@"^(?<array>.*?[^0-9\[])\[?(?<number>[0-9]{1,6})\]?$", RegexOptions.CultureInvariant)]
    private static partial Regex Element();
}
