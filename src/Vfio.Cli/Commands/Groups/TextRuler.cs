using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Estimates how wide text is drawn. Which letters a viewer has is not known, so the widths are those of DejaVu Sans (and Verdana), the
/// widest of the common ones: text that fits by this ruler fits in Arial, Helvetica, Segoe and Roboto too.
/// </summary>
internal static class TextRuler
{
    private const string Ellipsis = "…";

    // Of those outside the table as far as Latin goes, none is wider than it is high.
    private const int LatinWidth = 1000;
    private const int OtherWidth = 1200;
    private const int MonoWidth = 620;

    // Thousandths of the size, from the space on.
    private static readonly int[] Plain =
    [
        318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337, 637, 637, 637, 637, 637, 637, 637, 637,
        637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 699, 771, 632, 576, 775, 752, 295, 295, 656, 558, 863, 749, 788,
        604, 788, 695, 635, 611, 732, 685, 989, 686, 611, 686, 391, 337, 391, 838, 500, 500, 613, 635, 550, 635, 616, 353, 635,
        634, 278, 278, 580, 278, 975, 634, 612, 635, 635, 412, 521, 393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
    ];

    private static readonly int[] Bold =
    [
        349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366, 696, 696, 696, 696, 696, 696, 696, 696,
        696, 696, 400, 400, 838, 838, 838, 581, 1000, 774, 763, 734, 831, 684, 684, 821, 837, 373, 373, 775, 638, 996, 837, 851,
        733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458, 366, 458, 838, 500, 500, 675, 716, 593, 716, 679, 436, 716,
        712, 343, 343, 666, 343, 1042, 712, 688, 716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712, 366, 712, 838,
    ];

    public static double Width(string text, double size, TextFace face)
    {
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            width += Width(rune, face);
        }

        return width * size / 1000;
    }

    /// <summary>Whether a viewer may draw it in letters of any width, so that it must be told the width.</summary>
    public static bool IsGuess(string text) => text.EnumerateRunes().Any(rune => rune.Value > 0x24f && rune.ToString() != Ellipsis);

    /// <summary>The text, cut to a width, with … where something is missing.</summary>
    public static string Fit(string text, double size, TextFace face, double width)
    {
        if (Width(text, size, face) <= width)
        {
            return text;
        }

        double room = (width * 1000 / size) - Width(Ellipsis.EnumerateRunes().First(), face);
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            room -= Width(rune, face);
            if (room < 0)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return length == 0 ? "" : string.Concat(text.AsSpan(0, length).TrimEnd(), Ellipsis);
    }

    /// <summary>The text in lines of a width, broken between words.</summary>
    public static IEnumerable<string> Wrap(string text, double size, double width)
    {
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length != 0 && Width($"{line} {word}", size, TextFace.Plain) > width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return line;
    }

    private static int Width(Rune rune, TextFace face) => rune.Value switch
    {
        > 0x24f when rune.ToString() != Ellipsis => OtherWidth,
        _ when face is TextFace.Mono => MonoWidth,
        >= ' ' and <= '~' => (face is TextFace.Bold ? Bold : Plain)[rune.Value - ' '],
        _ => LatinWidth,
    };
}
