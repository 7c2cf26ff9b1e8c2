namespace Vfio.Cli;

/// <summary>
/// Writes the devices and groups of a host as an HTML page: nested lists that the browser lays out, and a table with
/// the same content. The page loads nothing from elsewhere and contains no scripts.
/// </summary>
internal static class HtmlPage
{
    /// <summary>Writes an HTML file.</summary>
    public static void Write(TextWriter output, HostTree tree)
    {
        GroupFrames frames = new(tree);
        GroupJoints joints = new(frames);
        output.Write("<!DOCTYPE html>\n");
        HtmlWriter html = new(output);
        html.Start("html").With("lang", "en");
        WriteHead(html, tree, joints);
        html.Start("body").Start("main");
        html.Element("h1", Words.Title).Raw("\n");
        html.Element("p", Words.Summarize(tree), "summary").Raw("\n");
        if (tree.DeviceCount != 0)
        {
            bool hasGroups = tree.GroupSizes.Count != 0;
            html.Element("p", Words.Tree).Raw("\n").Element("p", hasGroups ? Words.Groups : Words.NoGroups).Raw("\n");
            HtmlLegend.Write(html, hasGroups);
            new HtmlTree(html, tree, frames, joints).Write();
            HtmlTable.Write(html, tree);
        }

        html.End(3);
    }

    private static void WriteHead(HtmlWriter html, HostTree tree, GroupJoints joints)
    {
        html.Start("head");
        Meta(html, "charset", "utf-8");
        // The policy makes the browser enforce that the page loads nothing and runs no scripts.
        Meta(html, "http-equiv", "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        Meta(html, "name", "viewport", "width=device-width, initial-scale=1");
        html.Element("title", Words.Title).Raw("\n");
        int deepest = Math.Max(1, tree.Nodes.Select(node => node.Depth).DefaultIfEmpty().Max());
        string sizes = $"main {{ --deepest: {Words.Number(deepest)}; --lanes: {Words.Number(joints.Lanes)}; }}\n";
        html.Start("style").Raw("\n").Raw(Palette.Css()).Raw(sizes).Raw(ReadStyle()).End();
        html.End();
    }

    private static string ReadStyle()
    {
        using StreamReader reader = new(typeof(HtmlPage).Assembly.GetManifestResourceStream("Vfio.groups.css")!);
        return reader.ReadToEnd();
    }

    // Writes a void element, which has no end tag in HTML.
    private static void Meta(HtmlWriter html, string attribute, string value, string? content = null)
    {
        string rest = content is null ? "" : $" content=\"{content}\"";
        html.Raw($"<meta {attribute}=\"{value}\"{rest}/>\n");
    }
}
