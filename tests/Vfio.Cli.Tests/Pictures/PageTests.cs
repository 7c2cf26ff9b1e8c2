using System.Xml.Linq;

namespace Vfio.Cli.Tests;

/// <summary>What the page shows, on every host of <see cref="PictureHosts"/>.</summary>
public sealed class PageTests
{
    public static TheoryData<string> Hosts => HostTreeTests.Hosts;

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Every_row_says_all_that_is_known(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        HostTree tree = HostTreeTests.Read(host);
        Page page = Page.Of(host);
        Assert.Equal(tree.Nodes.Select(node => node.Heading), page.Rows.Select(row => row.Heading));
        foreach ((TreeNode node, PageRow row) in tree.Nodes.Zip(page.Rows))
        {
            Assert.Contains(node.Detail, row.Texts);
            Assert.Equal(node.Parent < 0 ? [] : Above(tree, node), row.Above);
            if (node.Devices.Count != 0)
            {
                Assert.Contains(node.Name, row.Texts);
                Assert.Equal([Page.Shown(node.Driver ?? "no driver")], row.Facts("Driver"));
                Assert.Equal(Words.Of(node.Link), string.Join(", ", row.Facts("Link to its parent")));
                Assert.Equal([Words.Of(node.State), Page.Shown(node.StateDetail)], row.Facts("Can it be bound?"));
                Assert.Equal(
                    node.Group is int group ? $"Group {group}"
                        : node.OwnGroups.Count != 0 ? $"{node.OwnGroups.Count} groups"
                        : "no group",
                    row.Group[0]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void A_frame_surrounds_members_of_one_group_and_no_other_device(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        HostTree tree = HostTreeTests.Read(host);
        Page page = Page.Of(host);
        List<PciDeviceInfo> framed = [];
        foreach (XElement frame in page.Frames)
        {
            Assert.DoesNotContain(frame.Ancestors(), item => Page.Has(item, "frame"));
            TreeNode[] nodes = [.. tree.Nodes.Where((_, i) => page.Rows[i].Frame == frame)];
            framed.AddRange(nodes.SelectMany(node => node.Devices));
            Assert.Equal(nodes.Length, frame.DescendantsAndSelf().Count(item => Page.Has(item, "row")));
            Assert.Single(nodes.Select(node => node.Group).Distinct());
            Assert.StartsWith(
                nodes[0].Group is int group ? $"IOMMU Group {group}, " : $"{nodes[0].OwnGroups.Count} groups, ",
                frame.Attribute("aria-label")!.Value, StringComparison.Ordinal);
        }

        Assert.Equal(
            new PciBus(host.Root).GetDevices()
                .Where(device => device.IommuGroup is not null).Select(device => device.Address),
            framed.Select(device => device.Address).Order());
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void The_table_says_the_same(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        string[][] rows = [.. Page.Of(host).Root.Descendants("tbody").Elements("tr")
            .Select(row => row.Elements("td").Select(cell => cell.Value).ToArray())];
        TreeNode[] nodes = [.. HostTreeTests.Read(host).Nodes.Where(node => node.Devices.Count != 0)];
        Assert.Equal(nodes.Select(node => node.Heading), rows.Select(row => row[0]));
        foreach ((TreeNode node, string[] row) in nodes.Zip(rows))
        {
            Assert.All(node.OwnGroups, group => Assert.Contains($"{group}", row[^1].Split(", ")));
        }
    }

    [Fact]
    public void A_device_is_below_its_bridge()
    {
        Page page = Page.Of("server");
        Assert.Equal(
            ["0000:00", "0000:80", "0001:00", "0001:80", "0002:00", "0002:80", "0003:00", "0003:80"],
            page.Rows.Where(row => Page.Has(row.Element, "root")).Select(row => row.Heading.Split(' ')[^1]));
        PageRow disk = page.Row("0003:92:00.0");
        Assert.Equal(["0003:91:00.0", "0003:90:00.0", "0003:80:09.0", "Root bus 0003:80"], disk.Above);
        Assert.Equal(
            ["switch, downstream port", "switch, upstream port", "root port"],
            disk.Above.Take(3).Select(above => page.Row(above).Element.Descendants("p").Last().Value));
        Assert.Equal("8 GT/s x4", disk.Facts("Link to its parent")[0]);
    }

    [Fact]
    public void A_bridge_and_all_below_it_share_a_frame_when_they_share_a_group()
    {
        Page page = Page.Of("machine");
        Assert.Equal(["Group 13", "3 devices, together"], page.Row("0000:00:1c.0").Group);
        foreach (string group in (string[])
            ["0000:00:1c.0 0000:03:01.0 0000:03:02.0", "0000:00:1f.0 0000:00:1f.2 0000:00:1f.3"])
        {
            Assert.NotNull(Assert.Single(group.Split(' ').Select(address => page.Row(address).Frame).Distinct()));
        }

        Assert.Equal(["Group 12", "one device"], page.Row("0000:00:14.3").Group);
    }

    [Fact]
    public void A_tall_frame_repeats_its_label()
    {
        Page page = Page.Of("large-group");
        IEnumerable<PageRow> labelled = page.Rows.Where(row =>
            row.Element.Descendants("div").Any(div => Page.Has(div, "group") && !Page.Has(div, "again")));
        Assert.Equal(
            [["Group 7", "30 devices, together"], ["Group 7", "continued"], ["Group 7", "continued"]],
            labelled.Select(row => row.Group));
    }

    [Fact]
    public void Folded_virtual_functions_say_which_groups_they_have()
    {
        Page page = Page.Of("functions");
        Assert.Equal(["125 groups", "one device each"], page.Row("125 virtual functions").Group);
        Assert.Contains("0000:81:01.0 to 0000:81:10.7, alike", page.Row("125 virtual functions").Texts);
    }

    [Fact]
    public void Virtual_functions_that_share_a_group_are_in_its_frame()
    {
        using FakeHost host = PictureHosts.Make("shared-functions");
        HostTree tree = HostTreeTests.Read(host);
        GroupFrame frame = Assert.Single(new GroupFrames(tree).All, frame => frame.Group == 2);
        IEnumerable<TreeNode> inside = tree.Nodes.Take(frame.LastRow + 1).Skip(frame.FirstRow);
        Assert.Equal(65, inside.Sum(node => node.Devices.Count));
    }

    [Fact]
    public void The_parts_of_a_group_say_so_and_are_joined()
    {
        Page page = Page.Of("split-groups");
        PageRow[] parts = [.. page.Rows.Where(row => row.Element.Descendants("dd").Any(dd => dd.Value == "Group 6"))];
        Assert.Equal(
            Enumerable.Range(1, 5).Select(i => $"part {i} of 5, 5 devices"), parts.Select(row => row.Group[1]));
        Assert.Equal("joint lane1 group1 first", parts[0].Joints.Last());
        Assert.All(parts[1..^1], row => Assert.Contains("joint lane1 group1 middle", row.Joints));
        Assert.Equal(["joint lane1 group1 last"], parts[^1].Joints);
        Assert.Equal(["joint lane1 group1"], page.Row("Root bus 0000:80").Joints);
    }

    [Fact]
    public void A_host_without_an_iommu_or_without_devices_is_reported()
    {
        Assert.Contains(Page.Of("no-iommu").Root.Descendants("p"), p => p.Value == Words.NoGroups);
        Page empty = Page.Of("empty");
        Assert.Contains(empty.Root.Descendants("p"), p => p.Value == Words.NoDevices);
        Assert.Empty(empty.Rows);
    }

    [Fact]
    public void The_legend_explains_every_state_and_sign()
    {
        Page page = Page.Of("machine");
        XElement legend = page.Root.Descendants("div").Single(div => Page.Has(div, "legend"));
        string[] texts = [.. legend.Descendants("span").Select(span => span.Value)];
        Assert.All(Words.States, state => Assert.Contains(Words.Explain(state), texts));
        Assert.Equal(
            ["Boxes", "Links", "Frames: IOMMU groups", "Can it be bound to VFIO?"],
            legend.Descendants("h2").Select(title => title.Value));
        Assert.Equal(6, Words.States.Select(HtmlTree.SignOf).Distinct().Count());
    }

    [Fact]
    public void Text_is_readable_on_every_background()
    {
        foreach (Func<Colour, string> scheme in (Func<Colour, string>[])[colour => colour.Light, colour => colour.Dark])
        {
            string Of(string name) => scheme(Palette.Colours.Single(colour => colour.Name == name));
            string[] grounds =
            [
                "page", "panel", "box", "bridge", "root", "single",
                .. Enumerable.Range(0, Palette.GroupColours).Select(Palette.GroupStyle),
            ];
            foreach (string ground in grounds)
            {
                Assert.All((string[])["text", "dim"], text => Assert.InRange(Contrast(Of(text), Of(ground)), 4.5, 21));
                // Signs and lines: WCAG 2.1, 1.4.11 requires 3.
                Assert.All(
                    (string[])["green", "grey", "blue", "red", "amber", "line"],
                    line => Assert.InRange(Contrast(Of(line), Of(ground)), 3, 21));
            }
        }
    }

    private static IEnumerable<string> Above(HostTree tree, TreeNode node)
    {
        for (int row = node.Parent; row >= 0; row = tree.Nodes[row].Parent)
        {
            yield return tree.Nodes[row].Heading;
        }
    }

    // WCAG 2.1, "contrast ratio" and "relative luminance".
    private static double Contrast(string one, string other)
    {
        double a = Luminance(one);
        double b = Luminance(other);
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string colour)
    {
        double Channel(int start)
        {
            double value = Convert.ToInt32(colour.Substring(start, 2), 16) / 255.0;
            return value <= 0.03928 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }

        return (0.2126 * Channel(1)) + (0.7152 * Channel(3)) + (0.0722 * Channel(5));
    }
}
