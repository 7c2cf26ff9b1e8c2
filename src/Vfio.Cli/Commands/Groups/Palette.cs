using System.Text;

namespace Vfio.Cli;

/// <summary>
/// The colours, for light and for dark surroundings. As plain CSS rules without variables, which not every viewer of SVG knows. Print is
/// light.
/// </summary>
internal static class Palette
{
    /// <summary>How many groups of several devices have a colour of their own, before colours come again.</summary>
    public const int GroupColours = 5;

    private const string Fonts = "system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif";
    private const string MonoFonts = "ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",\"Liberation Mono\",monospace";

    /// <summary>What is not a colour.</summary>
    private const string Fixed = $$"""
        text{font-family:{{Fonts}}}
        .bold{font-weight:700}
        .mono{font-family:{{MonoFonts}};font-weight:700}
        .box,.panel{stroke-width:1.2}
        .virtual{stroke-dasharray:4 3}
        .frame{stroke-width:2}
        .single{stroke-width:1.4}
        .line,.joint,.i-line,.i-mark{fill:none}
        .slow{stroke-dasharray:5 2}
        .dots{stroke-dasharray:2 3}
        .joint{stroke-width:2;stroke-dasharray:5 4}
        .i-line,.i-mark{stroke-width:2}

        """;

    /// <summary>Each colour: what it is for, in light and in dark. Later ones win.</summary>
    public static IReadOnlyList<Colour> Colours { get; } =
    [
        new("page", "fill", "#ffffff", "#0d1117"),
        new("text", "fill", "#1b2026", "#e8edf2"),
        new("dim", "fill", "#505963", "#aab4bf"),
        new("panel", "fill", "#f6f8fa", "#151b23"),
        new("panel", "stroke", "#d0d7de", "#343c46"),
        new("box", "fill", "#ffffff", "#1a212a"),
        new("box", "stroke", "#6b7580", "#8a949f"),
        new("bridge", "fill", "#e9edf1", "#2c343e"),
        new("root", "fill", "#d5dde6", "#3a4451"),
        new("line", "stroke", "#6b7580", "#8a949f"),
        new("slow", "stroke", "#b45f06", "#f0a04b"),
        new("single", "fill", "#fbfcfd", "#11161d"),
        new("single", "stroke", "#a5afba", "#56606b"),
        // None of a state's: a frame is no judgement.
        new("group0", "fill", "#f0eafc", "#261c3f"),
        new("group0", "stroke", "#7747c9", "#b295f0"),
        new("group1", "fill", "#def3f7", "#0b2a31"),
        new("group1", "stroke", "#0b7285", "#4cc3d9"),
        new("group2", "fill", "#fce8f1", "#361529"),
        new("group2", "stroke", "#b32d78", "#f086ba"),
        new("group3", "fill", "#f1f3d8", "#282a0e"),
        new("group3", "stroke", "#666b00", "#c3ca4a"),
        new("group4", "fill", "#f3ece6", "#2b221c"),
        new("group4", "stroke", "#7a5c48", "#c9a78f"),
        new("i-green", "stroke", "#1a7f37", "#46c463"),
        new("i-grey", "stroke", "#57606a", "#9aa4af"),
        new("f-green", "fill", "#1a7f37", "#46c463"),
        new("f-blue", "fill", "#1f66d0", "#5aa2f7"),
        new("f-red", "fill", "#c4232c", "#ff7b72"),
        new("f-amber", "fill", "#b45f06", "#f0a04b"),
        new("i-mark", "stroke", "#ffffff", "#0d1117"),
    ];

    /// <summary>The rules for everything drawn.</summary>
    public static string Css()
    {
        StringBuilder css = new(Fixed);
        foreach (Colour colour in Colours)
        {
            css.Append($"{colour.Selector}{{{colour.Property}:{colour.Light}}}\n");
        }

        css.Append("@media screen and (prefers-color-scheme:dark){\n");
        foreach (Colour colour in Colours)
        {
            css.Append($"{colour.Selector}{{{colour.Property}:{colour.Dark}}}\n");
        }

        return css.Append("}\n").ToString();
    }
}

/// <summary>A colour in light and dark surroundings.</summary>
/// <param name="Style">The style it belongs to.</param>
/// <param name="Property">What of it: <c>fill</c> or <c>stroke</c>.</param>
/// <param name="Light">As #rrggbb.</param>
/// <param name="Dark">As #rrggbb.</param>
internal sealed record Colour(string Style, string Property, string Light, string Dark)
{
    /// <summary>A group's joints have the colour of its frames.</summary>
    public string Selector => Property == "stroke" && Style.StartsWith("group", StringComparison.Ordinal) ? $".{Style},.{Style}-line" : $".{Style}";
}
