namespace Vfio.Cli;

/// <summary>Writes the legend, which explains the page to anyone who has never seen such a tree.</summary>
internal static class HtmlLegend
{
    public static void Write(HtmlWriter html, bool hasGroups)
    {
        html.Start("div", "legend");
        WriteSamples(html, "Boxes",
        [
            ("sample device", "a device (endpoint)"),
            ("sample bridge", "a bridge or port"),
            ("sample virtual", "a virtual function of a device"),
            ("sample root", "a root bus"),
        ]);
        WriteSamples(html, "Links",
        [
            ("wire x1", "x1: one lane"),
            ("wire x16", "x16: sixteen lanes"),
            ("wire x4 slow", "slower than both ends support: normal while idle, otherwise check the slot"),
            ("wire share", "belongs to a physical function; no link of its own"),
        ]);
        if (hasGroups)
        {
            WriteSamples(html, "Frames: IOMMU groups",
            [
                ("sample framed single", "a group of one device"),
                ("sample framed group0", "a group of several devices: they are assigned together, to one owner"),
                ("wire joined group0", "connects the parts of a group that are not neighbours"),
            ]);
        }

        WriteSamples(html, "Can it be bound to VFIO?",
            [.. Words.States
                .Where(state => hasGroups || state is NodeState.NoIommu or NodeState.Bridge or NodeState.InUse)
                .Select(state => ($"sign {HtmlTree.SignOf(state)}", Words.Explain(state)))]);
        html.End();
    }

    private static void WriteSamples(HtmlWriter html, string title, (string Classes, string Text)[] samples)
    {
        html.Start("section").Element("h2", title).Start("ul").With("role", "list");
        foreach ((string classes, string text) in samples)
        {
            html.Start("li").Start("span", classes).End(newLine: false).Element("span", text).End();
        }

        html.End(2);
    }
}
