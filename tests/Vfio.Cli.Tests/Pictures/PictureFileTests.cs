using System.Diagnostics;
using System.Xml.Linq;

namespace Vfio.Cli.Tests;

/// <summary>Tests the files of <c>vfio groups</c>: their content, and how they are written.</summary>
public sealed class PictureFileTests : IDisposable
{
    private static readonly string[] Elements =
    [
        "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "p", "div", "ul", "li", "dl",
        "dt", "dd", "b", "i", "span",
        "details", "summary", "table", "thead", "tbody", "tr", "th", "td",
    ];

    private static readonly string[] Attributes =
        ["lang", "charset", "http-equiv", "content", "name", "class", "role", "aria-label", "aria-hidden", "scope"];

    private readonly FakeHost _host = FakeHost.Typical();
    private readonly string _folder = Directory.CreateTempSubdirectory("vfio-picture-files-").FullName;

    public static TheoryData<string> Hosts => [.. PictureHosts.Names];

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_small_host_as_a_page()
    {
        using FakeHost host = PictureHosts.Make("no-iommu");
        string page = Tool.Run(host, "groups", "--html", "-").Succeeded().Output;
        Approved.Matches("groups-html", page[page.IndexOf("<body>", StringComparison.Ordinal)..]);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void The_page_is_wellformed_and_refers_to_nothing_outside(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        XElement html = Page.Of(host).Root;
        Assert.Equal("en", html.Attribute("lang")?.Value);
        Assert.Equal(Words.Title, html.Descendants("title").Single().Value);
        Assert.Equal(Words.Title, html.Descendants("h1").Single().Value);
        Assert.Equal(
            "default-src 'none'; style-src 'unsafe-inline'",
            html.Descendants("meta").Single(meta => meta.Attribute("http-equiv")?.Value == "Content-Security-Policy")
                .Attribute("content")?.Value);
        AssertAlone(html);
        Assert.Equal(Tool.Run(host, "groups", "--html", "-").Output, Tool.Run(host, "groups", "--html", "-").Output);
    }

    [Fact]
    public void Both_files_are_written_and_no_temporary_file_remains()
    {
        string dot = Path.Combine(_folder, "a.dot");
        string html = Path.Combine(_folder, "a.html");
        File.WriteAllText(dot, "what was there before");
        File.WriteAllText(html, "");
        Assert.Equal("", Tool.Run(_host, "groups", "--dot", dot, "--html", html).Succeeded().Output);
        Assert.Equal(Tool.Run(_host, "groups", "--dot", "-").Output, File.ReadAllText(dot));
        Assert.Equal(Tool.Run(_host, "groups", "--html", "-").Output, File.ReadAllText(html));
        Assert.Equal([dot, html], Directory.GetFiles(_folder).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Only_regular_files_are_replaced()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "folder")).FullName;
        Tool.Run(_host, "groups", "--dot", folder).FailedWith(1, "is a folder", "name another file");
        string target = Path.Combine(_folder, "target");
        File.WriteAllText(target, "kept");
        string link = Path.Combine(_folder, "link");
        File.CreateSymbolicLink(link, target);
        Tool.Run(_host, "groups", "--html", link).FailedWith(1, "is a link", "name another file");
        Tool.Run(_host, "groups", "--dot", "/dev/null").FailedWith(1, "not a regular file", "name another file");
        string pipe = Path.Combine(_folder, "pipe");
        using (Process mkfifo = Process.Start("/usr/bin/mkfifo", [pipe]))
        {
            mkfifo.WaitForExit();
        }

        Tool.Run(_host, "groups", "--dot", pipe).FailedWith(1, "not a regular file", "name another file");
        Assert.Equal("kept", File.ReadAllText(target));
        Assert.Equal([link, pipe, target], Directory.GetFiles(_folder).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_missing_folder_is_reported() =>
        Tool.Run(_host, "groups", "--dot", Path.Combine(_folder, "none", "a.dot"))
            .FailedWith(1, "its folder does not exist", "name a file in a folder that exists");

    [Theory]
    [InlineData("--html", "-", "--json")]
    [InlineData("--dot", "-", "--json")]
    [InlineData("--dot", "a.dot", "--json")]
    [InlineData("--dot", "-", "--html", "-")]
    [InlineData("--dot", "")]
    [InlineData("--html", "")]
    public void Standard_output_is_for_only_one_of_the_outputs(params string[] arguments) =>
        Tool.Run(_host, ["groups", .. arguments]).FailedWith(2, "groups: ", "");

    // The page contains no references, no scripts, no event handlers, and only the elements that it is made of.
    private static void AssertAlone(XElement root)
    {
        foreach (XElement element in root.DescendantsAndSelf())
        {
            Assert.Contains(element.Name.LocalName, Elements);
            foreach (XAttribute attribute in element.Attributes())
            {
                Assert.Contains(attribute.Name.LocalName, Attributes);
                Assert.DoesNotContain("://", attribute.Value, StringComparison.Ordinal);
            }
        }

        XElement style = Assert.Single(root.Descendants("style"));
        Assert.DoesNotContain("url(", style.Value, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", style.Value, StringComparison.Ordinal);
        Assert.DoesNotContain('<', style.Value);
    }
}
