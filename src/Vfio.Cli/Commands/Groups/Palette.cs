using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Holds the colours of the page, for light and dark colour schemes, as variables of its stylesheet. Printed pages use
/// the light ones.
/// </summary>
internal static class Palette
{
    /// <summary>The number of colours for groups of several devices; further groups reuse them.</summary>
    public const int GroupColours = 5;

    /// <summary>Gets all colours. A name that ends in <c>-edge</c> is a border colour.</summary>
    public static IReadOnlyList<Colour> Colours { get; } =
    [
        new("page", "#ffffff", "#0d1117"),
        new("text", "#1b2026", "#e8edf2"),
        new("dim", "#505963", "#aab4bf"),
        new("panel", "#f6f8fa", "#151b23"),
        new("panel-edge", "#d0d7de", "#343c46"),
        new("box", "#ffffff", "#1a212a"),
        new("box-edge", "#6b7580", "#8a949f"),
        new("bridge", "#e9edf1", "#2c343e"),
        new("root", "#d5dde6", "#3a4451"),
        new("line", "#6b7580", "#8a949f"),
        new("single", "#fbfcfd", "#11161d"),
        new("single-edge", "#a5afba", "#56606b"),
        // Group colours differ from the colours of states, because being in a group is neither good nor bad.
        new("group0", "#f0eafc", "#261c3f"),
        new("group0-edge", "#7747c9", "#b295f0"),
        new("group1", "#def3f7", "#0b2a31"),
        new("group1-edge", "#0b7285", "#4cc3d9"),
        new("group2", "#fce8f1", "#361529"),
        new("group2-edge", "#b32d78", "#f086ba"),
        new("group3", "#f1f3d8", "#282a0e"),
        new("group3-edge", "#666b00", "#c3ca4a"),
        new("group4", "#f3ece6", "#2b221c"),
        new("group4-edge", "#7a5c48", "#c9a78f"),
        new("green", "#1a7f37", "#46c463"),
        new("grey", "#57606a", "#9aa4af"),
        new("blue", "#1f66d0", "#5aa2f7"),
        new("red", "#c4232c", "#ff7b72"),
        new("amber", "#b45f06", "#f0a04b"),
        new("mark", "#ffffff", "#0d1117"),
    ];

    /// <summary>Gets the light colour with a name.</summary>
    public static string Light(string name) => Colours.First(colour => colour.Name == name).Light;

    /// <summary>Gets the rules that declare the variables, and those that use them for the frames of groups.</summary>
    public static string Css()
    {
        StringBuilder css = new(":root {");
        Declare(css, colour => colour.Light);
        css.Append("}\n@media screen and (prefers-color-scheme: dark) {\n:root {");
        Declare(css, colour => colour.Dark);
        css.Append("}\n}\n");
        foreach (string style in (string[])["single", .. Enumerable.Range(0, GroupColours).Select(GroupStyle)])
        {
            css.Append($".{style} {{ --ground: var(--{style}); --edge: var(--{style}-edge); }}\n");
        }

        return css.ToString();
    }

    /// <summary>Gets the name of the colours of a group.</summary>
    public static string GroupStyle(int index) => $"group{Words.Number(index % GroupColours)}";

    private static void Declare(StringBuilder css, Func<Colour, string> value)
    {
        foreach (Colour colour in Colours)
        {
            css.Append($" --{colour.Name}: {value(colour)};");
        }
    }
}

/// <summary>Represents a colour in the light and the dark scheme.</summary>
/// <param name="Name">The name.</param>
/// <param name="Light">The light colour as #rrggbb.</param>
/// <param name="Dark">The dark colour as #rrggbb.</param>
internal sealed record Colour(string Name, string Light, string Dark);
