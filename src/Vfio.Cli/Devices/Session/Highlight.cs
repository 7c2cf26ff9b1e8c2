using System.Text;

namespace Vfio.Cli;

/// <summary>Highlights the digits of a value that changed.</summary>
internal static class Highlight
{
    private const int BitsOfADigit = 4;

    /// <summary>Formats the new value, with the digits that changed in colour if the terminal supports it.</summary>
    public static string Changed(Terminal terminal, ulong before, ulong after, int bits)
    {
        string digits = RegisterWidth.Format(after, bits);
        if (!terminal.HasColour)
        {
            return digits;
        }

        StringBuilder text = new("0x");
        for (int i = bits - BitsOfADigit; i >= 0; i -= BitsOfADigit)
        {
            string digit = digits.Substring(digits.Length - 1 - (i / BitsOfADigit), 1);
            text.Append((((before ^ after) >> i) & 0xf) == 0 ? digit : terminal.Yellow(digit));
        }

        return text.ToString();
    }
}
