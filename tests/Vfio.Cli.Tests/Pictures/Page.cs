using System.Xml.Linq;

namespace Vfio.Cli.Tests;

/// <summary>The page of <c>vfio groups --html</c>, read as XML.</summary>
internal sealed class Page
{
    private const string DocumentType = "<!DOCTYPE html>\n";

    private Page(string text)
    {
        Assert.StartsWith(DocumentType, text, StringComparison.Ordinal);
        Root = XDocument.Parse(text[DocumentType.Length..]).Root!;
        Rows = [.. Root.Descendants("div").Where(div => Has(div, "row")).Select(row => new PageRow(row))];
    }

    public XElement Root { get; }

    /// <summary>All rows, root buses included, from the top to the bottom.</summary>
    public IReadOnlyList<PageRow> Rows { get; }

    public IEnumerable<XElement> Frames => Root.Descendants("div").Where(div => Has(div, "frame"));

    public static Page Of(FakeHost host) => new(Tool.Run(host, "groups", "--html", "-").Succeeded().Output);

    public static Page Of(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        return Of(host);
    }

    public PageRow Row(string heading) => Rows.Single(row => row.Heading == heading);

    /// <summary>Returns a text as the page shows it, because XML does not allow this character.</summary>
    public static string Shown(string text) => text.Replace('\ufffe', '?');

    /// <summary>Whether an element has a CSS class.</summary>
    public static bool Has(XElement element, string name) =>
        element.Attribute("class")?.Value.Split(' ').Contains(name) == true;

    /// <summary>Returns the children that are rows.</summary>
    public static IEnumerable<XElement> RowsIn(XElement element) =>
        element.Elements("div").Where(div => Has(div, "row"));
}

/// <summary>A row of a <see cref="Page"/>.</summary>
internal sealed class PageRow(XElement element)
{
    public XElement Element => element;

    public string Heading => (element.Descendants("b").FirstOrDefault() ?? element.Descendants("h2").First()).Value;

    /// <summary>All texts of the row.</summary>
    public IReadOnlyList<string> Texts =>
        [.. element.Descendants().Where(item => !item.HasElements && item.Value.Length != 0)
            .Select(item => item.Value)];

    /// <summary>Returns what the row shows under a heading.</summary>
    public IReadOnlyList<string> Facts(string title) =>
        [.. element.Descendants("dt").Single(dt => dt.Value == title).ElementsAfterSelf("dd").Select(dd => dd.Value)];

    public IReadOnlyList<string> Group => Facts("IOMMU group");

    /// <summary>The frame around the row.</summary>
    public XElement? Frame => element.Ancestors("div").FirstOrDefault(div => Page.Has(div, "frame"));

    /// <summary>Returns the CSS classes of the lines on the right.</summary>
    public IEnumerable<string> Joints => element.Elements("i").Select(joint => joint.Attribute("class")!.Value);

    /// <summary>Returns the headings of the rows above it, from the closest bridge to the root bus.</summary>
    public IEnumerable<string> Above => element.Ancestors()
        .Where(item => item.Name.LocalName is "li" or "section")
        .Select(item => Page.RowsIn(item).Concat(item.Elements("div").SelectMany(Page.RowsIn)).FirstOrDefault())
        .OfType<XElement>().Where(row => row != element).Select(row => new PageRow(row).Heading);
}
