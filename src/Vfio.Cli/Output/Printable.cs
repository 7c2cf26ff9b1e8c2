using System.Globalization;
using System.Text;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Sanitizes untrusted text (from devices, sysfs, the journal, process names, or typed by the user) for display: it
/// must not control the terminal, and it must fit its column.
/// </summary>
internal static class Printable
{
    public const char Replacement = '?';
    private const string Ellipsis = "…";
    private const char FirstByte = '\udc80', LastByte = '\udcff';

    /// <summary>
    /// Returns the text on one line, with a question mark for each control or format character, and <c>\xff</c> for
    /// each byte of a name that is not valid UTF-8 (a lone surrogate, see <see cref="InterfaceState"/>).
    /// </summary>
    public static string Clean(string text)
    {
        if (text.AsSpan().ContainsAnyInRange(FirstByte, LastByte))
        {
            text = ShowBytes(text);
        }

        foreach (char c in text)
        {
            if (Acts(c))
            {
                return string.Create(text.Length, text, static (span, source) =>
                {
                    for (int i = 0; i < span.Length; i++)
                    {
                        span[i] = Acts(source[i]) ? Replacement : source[i];
                    }
                });
            }
        }

        return text;
    }

    /// <summary>Returns the number of terminal columns that sanitized text needs.</summary>
    public static int Width(string text)
    {
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            width += Width(rune);
        }

        return width;
    }

    /// <summary>Shortens text to a number of columns, with … in place of the missing part.</summary>
    public static string Shorten(string text, int columns)
    {
        if (Width(text) <= columns)
        {
            return text;
        }

        int width = 0;
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (width + Width(rune) > columns - 1)
            {
                break;
            }

            width += Width(rune);
            length += rune.Utf16SequenceLength;
        }

        return columns <= 0 ? "" : string.Concat(text.AsSpan(0, length).TrimEnd(), Ellipsis);
    }

    /// <summary>
    /// Breaks sanitized text between words into lines of a maximum width; a longer word gets its own line.
    /// </summary>
    public static IEnumerable<string> Wrap(string text, int columns)
    {
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length != 0 && Width(line) + 1 + Width(word) > columns)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return line;
    }

    /// <summary>Returns the bytes of a name that is not valid UTF-8; <see langword="null"/> if it is valid.</summary>
    public static byte[]? BytesOf(string text)
    {
        if (!Enumerable.Range(0, text.Length).Any(i => IsByte(text, i)))
        {
            return null;
        }

        List<byte> bytes = [];
        int length;
        for (int i = 0; i < text.Length; i += length)
        {
            length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            bytes.AddRange(IsByte(text, i) ? [(byte)text[i]] : Encoding.UTF8.GetBytes(text.Substring(i, length)));
        }

        return [.. bytes];
    }

    private static bool IsByte(string text, int at) =>
        text[at] is >= FirstByte and <= LastByte && (at == 0 || !char.IsHighSurrogate(text[at - 1]));

    private static string ShowBytes(string text)
    {
        StringBuilder shown = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            _ = IsByte(text, i)
                ? shown.Append(CultureInfo.InvariantCulture, $"\\x{text[i] & 0xff:x2}")
                : shown.Append(text[i]);
        }

        return shown.ToString();
    }

    /// <summary>
    /// Returns whether a character controls the display instead of being shown: control characters, line breaks, and
    /// format characters such as those that reverse the direction of text.
    /// </summary>
    public static bool Acts(char c) =>
        c is < ' ' or (> '~' and (< '\u00a0' or '\u00ad' or > '\u02ff')) && CharUnicodeInfo.GetUnicodeCategory(c)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;

    private static int Width(Rune rune) => rune.Value switch
    {
        < 0x300 => 1,
        // Hangul, CJK, full-width forms, emoji: the blocks whose characters are two columns wide on terminals.
        (>= 0x1100 and <= 0x115f) or (>= 0x2e80 and <= 0xa4cf) or (>= 0xac00 and <= 0xd7a3) or (>= 0xf900 and <= 0xfaff)
            or (>= 0xfe30 and <= 0xfe6f) or (>= 0xff00 and <= 0xff60) or (>= 0xffe0 and <= 0xffe6)
            or (>= 0x1f300 and <= 0x1f9ff) or (>= 0x20000 and <= 0x3fffd) => 2,
        _ => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? 0 : 1,
    };
}
