namespace Vfio.Cli;

/// <summary>
/// Writes a picture as a page: the same drawing in sheets, so that a printer breaks it between rows, and a table that says it in words.
/// </summary>
internal static class HtmlPage
{
    /// <summary>So many fit on a page of A4 or Letter, upright twice.</summary>
    private const int RowsASheet = 16;

    private const string Css = """
        html{color-scheme:light dark}
        body{margin:0 auto;padding:0 12px 24px;max-width:1256px;background:#ffffff;color:#1b2026;font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
        svg{display:block;width:100%;height:auto;overflow:hidden;break-inside:avoid}
        summary{cursor:pointer;padding:8px;font-weight:700}
        table{border-collapse:collapse;width:100%;table-layout:fixed}
        th,td{border:1px solid #8a949f;padding:3px 6px;text-align:left;vertical-align:top;overflow-wrap:anywhere}
        tr{break-inside:avoid}
        @media screen and (prefers-color-scheme:dark){body{background:#0d1117;color:#e8edf2}}
        @media print{body{padding:0;max-width:none}svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}

        """;

    /// <summary>Writes an HTML file.</summary>
    public static void Write(TextWriter output, Picture picture)
    {
        output.Write("<!DOCTYPE html>\n");
        MarkupWriter html = new(output);
        html.Start("html").With("lang", "en");
        html.Start("head");
        Meta(html, "charset", "utf-8");
        // A browser keeps what is promised: nothing is loaded, nothing runs.
        Meta(html, "http-equiv", "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        Meta(html, "name", "viewport", "width=device-width, initial-scale=1");
        html.Element("title", picture.Title);
        html.Start("style").Raw("\n" + Palette.Css() + Css).End();
        html.End();
        html.Start("body").Start("main");
        WriteSheets(html, picture);
        if (picture.Rows.Count != 0)
        {
            WriteTable(html, picture);
        }

        html.End().End().End();
    }

    private static void WriteSheets(MarkupWriter html, Picture picture)
    {
        SvgDrawing.WriteSheet(html, picture, 0, picture.Header.Height, [], $"{picture.Title}. {picture.Description}");
        double top = picture.Header.Height;
        PictureRow[][] sheets = [.. picture.Rows.Chunk(RowsASheet)];
        for (int i = 0; i < sheets.Length; i++)
        {
            double bottom = i == sheets.Length - 1 ? picture.Height : sheets[i][^1].Bottom;
            string label = $"Part {Words.Number(i + 1)} of {Words.Number(sheets.Length)} of the tree, from {sheets[i][0].Node.Heading} "
                + $"to {sheets[i][^1].Node.Heading}. The table below says the same in words.";
            SvgDrawing.WriteSheet(html, picture, top, bottom, sheets[i], label);
            top = bottom;
        }
    }

    private static void WriteTable(MarkupWriter html, Picture picture)
    {
        html.Start("details").Element("summary", "The same as a table").Start("table").Start("thead").Start("tr");
        foreach (string head in (string[])["Device", "Name", "Kind", "Driver", "Link to the one above", "Can a program have it?", "IOMMU group"])
        {
            html.Start("th").With("scope", "col").Text(head).End(newLine: false);
        }

        html.End().End().Start("tbody");
        foreach (TreeNode node in picture.Rows.Select(row => row.Node).Where(node => node.Devices.Count != 0))
        {
            html.Start("tr");
            foreach (string cell in (string[])
            [
                node.Heading, node.Name, node.Detail, node.Driver ?? "none", RowLayout.LinkText(node.Link),
                $"{Words.Of(node.State)}: {node.StateDetail}",
                node.Group is int group ? Words.Number(group) : node.OwnGroups.Count != 0 ? string.Join(", ", node.OwnGroups.Select(Words.Number)) : "none",
            ])
            {
                html.Start("td").Text(cell).End(newLine: false);
            }

            html.End();
        }

        html.End().End().End();
    }

    // HTML's void element: it has no end.
    private static void Meta(MarkupWriter html, string attribute, string value, string? content = null)
    {
        string rest = content is null ? "" : $" content=\"{content}\"";
        html.Raw($"<meta {attribute}=\"{value}\"{rest}/>\n");
    }
}
