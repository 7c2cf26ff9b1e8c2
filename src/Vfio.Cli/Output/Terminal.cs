using System.Globalization;

namespace Vfio.Cli;

/// <summary>What standard output is shown on.</summary>
/// <param name="Width">Columns a line may have; <see langword="null"/> where nothing limits it, as in a pipe.</param>
/// <param name="HasColour">Whether it understands colours, and the user wants them.</param>
internal sealed record Terminal(int? Width, bool HasColour)
{
    private const int UsualWidth = 80;
    private const int MinWidth = 20;

    /// <summary>A pipe or a file: whole lines, so that grep and awk find what they look for.</summary>
    public static Terminal None { get; } = new(null, HasColour: false);

    /// <summary>Whether a person looks at it: values come with their fields.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>The width for running text, which no wide screen makes easier to read.</summary>
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
        return new Terminal(Math.Max(width > 0 ? width : columns ?? UsualWidth, MinWidth), HasColour: !isPlain) { IsInteractive = true };
    }

    /// <summary>Text in bold, where that is understood.</summary>
    public string Bold(string text) => Paint(text, "1");

    /// <summary>Text that matters less.</summary>
    public string Dim(string text) => Paint(text, "2");

    public string Green(string text) => Paint(text, "32");

    public string Yellow(string text) => Paint(text, "33");

    private static bool IsDumb => Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    /// <summary>
    /// Switches the terminal's keypad back. Asked for the terminal's width, and again whenever a program that was started ends, the runtime's console switches it to
    /// application mode and leaves it so.
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
            // A terminal that has gone away has no mode.
        }
    }

    private static int? ParseColumns(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int columns) && columns >= MinWidth ? columns : null;

    private string Paint(string text, string code) => HasColour ? $"\e[{code}m{text}\e[0m" : text;
}
