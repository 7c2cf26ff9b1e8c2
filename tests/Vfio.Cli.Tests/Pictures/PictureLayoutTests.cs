using Vfio.Pci;

namespace Vfio.Cli.Tests;

/// <summary>What the layout promises, on every host of <see cref="PictureHosts"/>.</summary>
public sealed class PictureLayoutTests
{
    public static TheoryData<string> Hosts => [.. PictureHosts.Names];

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Every_device_is_drawn_once(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        IEnumerable<PciAddress> drawn = Layout(host).Rows.SelectMany(row => row.Node.Devices).Select(device => device.Address);
        Assert.Equal(new PciBus(host.Root).GetDevices().Select(device => device.Address), drawn.Order());
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Boxes_do_not_overlap_and_stay_in_their_rows(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        Picture picture = Layout(host);
        double top = picture.Header.Height;
        foreach (PictureRow row in picture.Rows)
        {
            Assert.Equal(top, row.Top);
            Assert.InRange(row.Box.Y, row.Top, row.Bottom);
            Assert.InRange(row.Box.Bottom, row.Top, row.Bottom);
            Assert.InRange(row.Box.Width, 200, picture.Width);
            Assert.InRange(row.Box.Right, 0, picture.Width);
            top = row.Bottom;
        }

        Assert.InRange(picture.Height, top, double.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void A_frame_surrounds_the_members_of_its_group_and_nobody_else(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        Picture picture = Layout(host);
        HashSet<PciAddress> framed = [];
        foreach (GroupFrame frame in picture.Frames)
        {
            Assert.All(picture.Frames.Where(other => other != frame), other => Assert.False(frame.Bounds.Overlaps(other.Bounds)));
            foreach (PictureRow row in picture.Rows)
            {
                bool isIn = frame.Bounds.Contains(row.Box);
                Assert.Equal(isIn, frame.Bounds.Overlaps(row.Box));
                Assert.Equal(isIn, frame.Group is int group ? row.Node.Group == group && picture.Rows.ToList().IndexOf(row) is int i && i >= frame.FirstRow && i <= frame.LastRow : row == picture.Rows[frame.FirstRow]);
                framed.UnionWith(isIn ? row.Node.Devices.Select(device => device.Address) : []);
            }
        }

        Assert.Equal(new PciBus(host.Root).GetDevices().Where(device => device.IommuGroup is not null).Select(device => device.Address), framed.Order());
        foreach (IGrouping<int?, PictureRow> rows in picture.Rows.Where(row => row.Node.Group is not null).GroupBy(row => row.Node.Group))
        {
            IEnumerable<PciAddress> members = new PciBus(host.Root).GetGroup(rows.Key!.Value)!.Devices.Select(device => device.Address);
            Assert.Equal(members, rows.SelectMany(row => row.Node.Devices).Select(device => device.Address).Order());
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Text_fits_its_place_and_meets_no_other_text(string name)
    {
        using FakeHost host = PictureHosts.Make(name);
        Picture picture = Layout(host);
        Rect page = new(0, 0, picture.Width, picture.Height);
        foreach (IEnumerable<Shape> shapes in picture.Rows.Select(row => row.Shapes).Append(picture.Header.Shapes))
        {
            Rect[] texts = [.. shapes.OfType<TextShape>().Where(text => text.Text.Length != 0).Select(BoundsOf)];
            Assert.All(shapes.OfType<TextShape>().Where(text => text.Text.Length != 0), text => Assert.True(text.Cell.Contains(BoundsOf(text)) && page.Contains(text.Cell), text.ToString()));
            for (int i = 0; i < texts.Length; i++)
            {
                Assert.All(texts[(i + 1)..], other => Assert.False(texts[i].Overlaps(other)));
            }
        }
    }

    [Fact]
    public void A_device_stands_below_its_bridge()
    {
        using FakeHost host = PictureHosts.Make("server");
        Picture picture = Layout(host);
        Assert.Equal(200, picture.Rows.Sum(row => row.Node.Devices.Count));
        Assert.Equal(
            ["0000:00", "0000:80", "0001:00", "0001:80", "0002:00", "0002:80", "0003:00", "0003:80"],
            picture.Rows.Where(row => row.Node.Kind is NodeKind.RootBus).Select(row => row.Node.Heading.Split(' ')[^1]));
        TreeNode disk = picture.Rows.Single(row => row.Node.Heading == "0003:92:00.0").Node;
        List<string> way = [];
        for (TreeNode node = disk; node.Parent >= 0; node = picture.Rows[node.Parent].Node)
        {
            way.Add($"{node.Kind} {node.Heading}");
        }

        Assert.Equal(
            ["Endpoint 0003:92:00.0", "SwitchDownstreamPort 0003:91:00.0", "SwitchUpstreamPort 0003:90:00.0", "RootPort 0003:80:09.0"], way);
        Assert.Equal("8 GT/s x4", disk.Link.Text);
    }

    [Theory]
    [InlineData("0000:00:10.0", NodeKind.RootPort)]
    [InlineData("0000:00:14.0", NodeKind.RootPort)]
    [InlineData("0000:00:1c.0", NodeKind.ExpressToPciBridge)]
    [InlineData("0000:00:1f.0", NodeKind.OtherBridge)]
    [InlineData("0000:00:00.0", NodeKind.HostBridge)]
    [InlineData("0000:01:10.2", NodeKind.VirtualFunction)]
    [InlineData("0000:01:00.0", NodeKind.Endpoint)]
    internal void Kinds_are_told_apart(string address, NodeKind kind) => Assert.Equal(kind, NodeOf("machine", address).Kind);

    [Theory]
    [InlineData("machine", "0000:00:03.0", NodeState.Taken, "VFIO has it")]
    [InlineData("machine", "0000:00:04.0", NodeState.CanBeTaken, "no driver has it")]
    [InlineData("machine", "0000:00:09.0", NodeState.CanBeTaken, "from e1000e")]
    [InlineData("machine", "0000:00:06.0", NodeState.InUse, "its disk nvme0n1 is mounted on /srv")]
    [InlineData("machine", "0000:00:01.0", NodeState.InUse, "it is the boot display")]
    [InlineData("machine", "0000:03:01.0", NodeState.Blocked, "by 0000:03:02.0 (virtio-pci)")]
    [InlineData("machine", "0000:00:1c.0", NodeState.Bridge, "stays with the kernel")]
    [InlineData("no-iommu", "0000:01:00.0", NodeState.NoIommu, "no IOMMU in front of it")]
    internal void States_are_told_with_their_reason(string host, string address, NodeState state, string detail)
    {
        TreeNode node = NodeOf(host, address);
        Assert.Equal((state, detail), (node.State, node.StateDetail));
    }

    [Theory]
    [InlineData("laptop", "0000:03:00.0", "8 GT/s x2", "could do 8 GT/s x4", true)]
    [InlineData("machine", "0000:01:00.0", "2.5 GT/s x1", "its full speed", false)] // the port could do more, the card cannot
    [InlineData("machine", "0000:00:14.0", "", "built in", false)]
    [InlineData("machine", "0000:03:01.0", "", "conventional PCI", false)]
    [InlineData("machine", "0000:01:10.0", "", "its device's link", false)]
    public void A_link_below_its_possibilities_is_marked(string host, string address, string text, string detail, bool isSlow)
    {
        NodeLink link = NodeOf(host, address).Link;
        Assert.Equal((text, detail, isSlow), (link.Text, link.Detail, link.IsSlow));
    }

    [Fact]
    public void Many_virtual_functions_that_are_alike_are_one_row()
    {
        using FakeHost host = PictureHosts.Make("functions");
        TreeNode[] folded = [.. Layout(host).Rows.Select(row => row.Node).Where(node => node.Kind is NodeKind.VirtualFunction)];
        Assert.Equal(["125 virtual functions", "3 virtual functions"], folded.Select(node => node.Heading));
        Assert.Equal([NodeState.CanBeTaken, NodeState.Taken], folded.Select(node => node.State));
        Assert.Equal(128, folded.SelectMany(node => node.OwnGroups).Distinct().Count());
    }

    [Fact]
    public void Virtual_functions_that_share_a_group_are_in_its_frame()
    {
        using FakeHost host = PictureHosts.Make("shared-functions");
        Picture picture = Layout(host);
        GroupFrame frame = Assert.Single(picture.Frames, frame => frame.Group == 2);
        Assert.Equal(65, picture.Rows.Skip(frame.FirstRow).Take(frame.LastRow - frame.FirstRow + 1).Sum(row => row.Node.Devices.Count));
    }

    [Fact]
    public void The_parts_of_a_group_say_so_and_are_joined()
    {
        using FakeHost host = PictureHosts.Make("split-groups");
        Picture picture = Layout(host);
        int parts = picture.Frames.Count(frame => frame.Group == 6);
        Assert.True(parts > 1);
        string[] labels = [.. TextsOf(picture).Where(text => text.StartsWith("part ", StringComparison.Ordinal) && text.EndsWith(", 5 devices", StringComparison.Ordinal))];
        Assert.Contains($"part {parts} of {parts}, 5 devices", labels);
        Assert.Equal(2, picture.Lines.Count(line => line.Style.StartsWith("joint", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_host_without_an_iommu_or_without_devices_is_told_so()
    {
        using FakeHost bare = PictureHosts.Make("no-iommu");
        Assert.Contains(TextsOf(Layout(bare)), text => text.StartsWith(Words.NoGroups[..40], StringComparison.Ordinal));
        using FakeHost empty = PictureHosts.Make("empty");
        Assert.Contains(Words.NoDevices, TextsOf(Layout(empty)));
    }

    [Fact]
    public void Text_is_readable_on_whatever_it_stands_on()
    {
        foreach (Func<Colour, string> scheme in (Func<Colour, string>[])[colour => colour.Light, colour => colour.Dark])
        {
            string Of(string style, string property) => scheme(Palette.Colours.Last(colour => colour.Style == style && colour.Property == property));
            string[] grounds = ["page", "panel", "box", "bridge", "root", "single", .. Enumerable.Range(0, Palette.GroupColours).Select(i => $"group{i}")];
            foreach (string ground in grounds)
            {
                Assert.All((string[])["text", "dim"], text => Assert.InRange(Contrast(Of(text, "fill"), Of(ground, "fill")), 4.5, 21));
                // Signs and lines: 3 is what WCAG 2.1, 1.4.11 asks of them.
                Assert.All((string[])["i-green", "i-grey", "slow", "line"], line => Assert.InRange(Contrast(Of(line, "stroke"), Of(ground, "fill")), 3, 21));
                Assert.All((string[])["f-green", "f-blue", "f-red", "f-amber"], fill => Assert.InRange(Contrast(Of(fill, "fill"), Of(ground, "fill")), 3, 21));
            }
        }
    }

    internal static Picture Layout(FakeHost host)
    {
        using StringWriter nothing = new();
        return PictureLayout.Make(HostTree.Read(Tool.MakeHost(host.Root, Tool.Narrow, nothing, nothing)));
    }

    // The ruler's letters rise 0.93 of their size above the line and fall 0.24 below it.
    private static Rect BoundsOf(TextShape text) =>
        new(text.X, text.Baseline - (0.93 * text.Size), TextRuler.Width(text.Text, text.Size, text.Face), 1.17 * text.Size);

    private static IEnumerable<string> TextsOf(Picture picture) =>
        picture.Rows.SelectMany(row => row.Shapes).Concat(picture.Header.Shapes).OfType<TextShape>().Select(text => text.Text);

    private static TreeNode NodeOf(string name, string address)
    {
        using FakeHost host = PictureHosts.Make(name);
        return Layout(host).Rows.Single(row => row.Node.Heading == address).Node;
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
