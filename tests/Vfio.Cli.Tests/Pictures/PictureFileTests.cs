using System.Diagnostics;
using System.Xml.Linq;

namespace Vfio.Cli.Tests;

/// <summary>What is written, and where it is written to.</summary>
public sealed class PictureFileTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.Typical();
    private readonly string _folder = Directory.CreateTempSubdirectory("vfio-picture-files-").FullName;

    public static TheoryData<string> Hosts => [.. PictureHosts.Names];

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_small_host_as_svg()
    {
        using FakeHost host = PictureHosts.Make("no-iommu");
        Approved.Matches("groups-svg", Tool.Run(host, "groups", "--svg", "-").Succeeded().Output);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Svg_is_wellformed_and_refers_to_nothing_outside(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        string text = Tool.Run(host, "groups", "--svg", "-").Succeeded().Output;
        XElement svg = XDocument.Parse(text).Root!;
        Assert.Equal("img", svg.Attribute("role")?.Value);
        Assert.Equal(["picture-title", "picture-description"], svg.Elements().Select(element => element.Attribute("id")?.Value).OfType<string>());
        AssertAlone(svg);
        Assert.Equal(text, Tool.Run(host, "groups", "--svg", "-").Output);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Html_is_wellformed_and_refers_to_nothing_outside(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        string text = Tool.Run(host, "groups", "--html", "-").Succeeded().Output;
        const string DocumentType = "<!DOCTYPE html>\n";
        Assert.StartsWith(DocumentType, text, StringComparison.Ordinal);
        XElement html = XDocument.Parse(text[DocumentType.Length..]).Root!;
        Assert.All(html.Descendants("svg"), svg => Assert.True(svg.Attribute("role")?.Value == "img" && svg.Attribute("aria-label")?.Value.Length > 0));
        AssertAlone(html);
        Assert.Equal(text, Tool.Run(host, "groups", "--html", "-").Output);
        IEnumerable<string> named = html.Descendants("tbody").Descendants("tr").Select(row => row.Elements("td").First().Value);
        Assert.Equal(PictureLayoutTests.Layout(host).Rows.Select(row => row.Node).Where(node => node.Devices.Count != 0).Select(node => node.Heading), named);
    }

    [Fact]
    public void Both_pictures_are_written_and_nothing_is_left_beside_them()
    {
        string svg = Path.Combine(_folder, "a.svg");
        string html = Path.Combine(_folder, "a.html");
        File.WriteAllText(svg, "what was there before");
        File.WriteAllText(html, "");
        Assert.Equal("", Tool.Run(_host, "groups", "--svg", svg, "--html", html).Succeeded().Output);
        Assert.Equal(Tool.Run(_host, "groups", "--svg", "-").Output, File.ReadAllText(svg));
        Assert.Equal(Tool.Run(_host, "groups", "--html", "-").Output, File.ReadAllText(html));
        Assert.Equal([html, svg], Directory.GetFiles(_folder).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_no_regular_file_stays()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "folder")).FullName;
        Tool.Run(_host, "groups", "--svg", folder).FailedWith(1, "is a folder", "name another file");
        string target = Path.Combine(_folder, "target");
        File.WriteAllText(target, "kept");
        string link = Path.Combine(_folder, "link");
        File.CreateSymbolicLink(link, target);
        Tool.Run(_host, "groups", "--html", link).FailedWith(1, "is a link", "name another file");
        Tool.Run(_host, "groups", "--svg", "/dev/null").FailedWith(1, "no regular file", "name another file");
        string pipe = Path.Combine(_folder, "pipe");
        using (Process mkfifo = Process.Start("/usr/bin/mkfifo", [pipe]))
        {
            mkfifo.WaitForExit();
        }

        Tool.Run(_host, "groups", "--svg", pipe).FailedWith(1, "no regular file", "name another file");
        Assert.Equal("kept", File.ReadAllText(target));
        Assert.Equal([link, pipe, target], Directory.GetFiles(_folder).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_told() =>
        Tool.Run(_host, "groups", "--svg", Path.Combine(_folder, "none", "a.svg")).FailedWith(1, "its folder does not exist", "name a file in a folder that exists");

    [Theory]
    [InlineData("--svg", "-", "--json")]
    [InlineData("--svg", "a.svg", "--json")]
    [InlineData("--svg", "-", "--html", "-")]
    [InlineData("--svg", "")]
    public void Standard_output_has_one_thing(params string[] arguments) =>
        Tool.Run(_host, ["groups", .. arguments]).FailedWith(2, "groups: ", "");

    // No reference, no script, nothing that reacts.
    private static void AssertAlone(XElement root)
    {
        foreach (XElement element in root.DescendantsAndSelf())
        {
            Assert.DoesNotContain(element.Name.LocalName, (string[])["script", "image", "img", "use", "a", "link", "foreignObject", "iframe", "object", "base"]);
            foreach (XAttribute attribute in element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration))
            {
                Assert.DoesNotContain(attribute.Name.LocalName, (string[])["href", "src", "style"]);
                Assert.False(attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
                Assert.DoesNotContain("://", attribute.Value, StringComparison.Ordinal);
            }
        }

        Assert.All(root.Descendants().Where(element => element.Name.LocalName == "style"), style =>
        {
            Assert.DoesNotContain("url(", style.Value, StringComparison.Ordinal);
            Assert.DoesNotContain("@import", style.Value, StringComparison.Ordinal);
        });
    }
}
