using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Represents a place in a device: a region and an offset in it, written <c>bar0+0x10</c>. <c>bar2</c> is the start of
/// BAR 2.
/// </summary>
internal readonly record struct Place(RegionIndex Region, ulong Offset)
{
    // The index is the region index.
    private static readonly string[] Names = ["bar0", "bar1", "bar2", "bar3", "bar4", "bar5", "rom", "config"];

    public string RegionName => Names[(int)Region];

    /// <summary>Parses a place.</summary>
    /// <param name="text">What the user typed.</param>
    /// <param name="place">The place.</param>
    /// <param name="mistake">What is wrong with the text, if the method returns <see langword="false"/>.</param>
    public static bool TryParse(string text, out Place place, out string mistake)
    {
        place = default;
        mistake = "";
        int plus = text.IndexOf('+');
        string name = plus < 0 ? text : text[..plus];
        int region = Array.FindIndex(Names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (region < 0)
        {
            mistake = $"'{Symbols.Quote(text)}' is not a place; a place looks like bar0+0x10, config+4 or rom+0, or is "
                + "the name of a register";
            return false;
        }

        ulong offset = 0;
        if (plus >= 0 && !Number.TryParse(text.AsSpan(plus + 1), out offset))
        {
            mistake = $"'{Symbols.Quote(text[(plus + 1)..])}' is not an offset; {Number.Expected}";
            return false;
        }

        place = new Place((RegionIndex)region, offset);
        return true;
    }

    /// <summary>Formats the place as it is typed, with at least two digits.</summary>
    public override string ToString() => ToString(digits: 2);

    /// <summary>Formats the place as it is typed.</summary>
    /// <param name="digits">The minimum number of hexadecimal digits of the offset, to align several lines.</param>
    public string ToString(int digits) =>
        $"{RegionName}+0x{Offset.ToString($"x{digits}", CultureInfo.InvariantCulture)}";
}
