using System.Globalization;

namespace Vfio.Cli;

/// <summary>Describes where standard output is shown.</summary>
/// <param name="Width">The number of columns; <see langword="null"/> if lines are not limited, as in a pipe.</param>
/// <param name="HasColour">Whether the terminal supports colours and the user wants them.</param>
internal sealed record Terminal(int? Width, bool HasColour)
{
    private const int UsualWidth = 80;
    private const int MinWidth = 20;

    /// <summary>
    /// Gets the description of a pipe or a file, in which lines are complete, so that grep and awk find everything.
    /// </summary>
    public static Terminal None { get; } = new(null, HasColour: false);

    /// <summary>Gets whether the output is shown to a person, so that values are printed with their fields.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>Gets the width for running text, which a wider screen would not make easier to read.</summary>
    public int TextWidth => Math.Min(Width ?? UsualWidth, UsualWidth);

    public static Terminal OfStandardOutput()
    {
        int? columns = ParseColumns(Environment.GetEnvironmentVariable("COLUMNS"));
        if (Console.IsOutputRedirected)
        {
            return None with { Width = columns };
        }

        int width = Console.WindowWidth;
        bool isDumb = IsDumb;
        LeaveKeypadMode();
        bool isPlain = isDumb || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        return new Terminal(Math.Max(width > 0 ? width : columns ?? UsualWidth, MinWidth), HasColour: !isPlain)
        {
            IsInteractive = true,
        };
    }

    /// <summary>Formats text in bold, if the terminal supports it.</summary>
    public string Bold(string text) => Paint(text, "1");

    /// <summary>Formats text that is less important.</summary>
    public string Dim(string text) => Paint(text, "2");

    public string Green(string text) => Paint(text, "32");

    public string Yellow(string text) => Paint(text, "33");

    private static bool IsDumb => Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    /// <summary>
    /// Switches the terminal's keypad back to normal mode. The runtime's console switches it to application mode, and
    /// leaves it there, when it reads the terminal's width and each time a child process ends.
    /// </summary>
    public static void LeaveKeypadMode()
    {
        if (Console.IsOutputRedirected || IsDumb)
        {
            return;
        }

        try
        {
            using Stream terminal = Console.OpenStandardOutput();
            terminal.Write("\e[?1l\e>"u8);
        }
        catch (IOException)
        {
            // The terminal no longer exists.
        }
    }

    private static int? ParseColumns(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int columns) && columns >= MinWidth
            ? columns
            : null;

    private string Paint(string text, string code) => HasColour ? $"\e[{code}m{text}\e[0m" : text;
}
