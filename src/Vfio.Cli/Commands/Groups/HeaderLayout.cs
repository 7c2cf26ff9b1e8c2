namespace Vfio.Cli;

/// <summary>Title, explanation and legend: what makes the picture readable by somebody who has never seen one.</summary>
internal static class HeaderLayout
{
    private const double TitleSize = 21;
    private const double TextSize = 13;
    private const double LegendSize = 12;
    private const double LegendLine = 23;
    private const double SampleWidth = 34;

    public static PictureHeader Make(HostTree tree, double width)
    {
        double right = width - Columns.Margin;
        List<Shape> shapes = [];
        double y = 42;
        shapes.Add(Text(Columns.Margin, y, right, Words.Title, TitleSize, TextFace.Bold, "text"));
        y += 28;
        shapes.Add(Text(Columns.Margin, y, right, Words.Summarize(tree), TextSize + 1, TextFace.Bold, "text"));
        if (tree.DeviceCount == 0)
        {
            return new PictureHeader(y + 30, shapes);
        }

        y += 6;
        bool hasGroups = tree.GroupSizes.Count != 0;
        foreach (string paragraph in (string[])[Words.Tree, hasGroups ? Words.Groups : Words.NoGroups])
        {
            y += 6;
            foreach (string line in TextRuler.Wrap(paragraph, TextSize, Math.Min(right, 1190) - Columns.Margin))
            {
                y += 19;
                shapes.Add(Text(Columns.Margin, y, right, line, TextSize, TextFace.Plain, "text"));
            }
        }

        return new PictureHeader(AddLegend(shapes, y + 22, right, hasGroups) + 18, shapes);
    }

    private static double AddLegend(List<Shape> shapes, double top, double right, bool hasGroups)
    {
        BoxShape panel = new(default, 6, "panel");
        int place = shapes.Count;
        double[] bottoms =
        [
            AddColumn(shapes, 34, 250, top, "Boxes",
            [
                (Box(NodeKind.Endpoint, 9), "a device (endpoint)"),
                (Box(NodeKind.RootPort, 2), "a bridge or port"),
                (Box(NodeKind.VirtualFunction, 9), "a virtual function: a"),
                (null, "share of a device"),
                (Box(NodeKind.RootBus, 2), "a root bus"),
            ]),
            AddColumn(shapes, 268, 530, top, "Links",
            [
                (Link("line", 1), "x1: one lane"),
                (Link("line", 16), "x16: sixteen lanes"),
                (Slow, "below what both ends could"),
                (null, "do: normal while idle, else"),
                (null, "look at the slot"),
                (Link("line dots", 0), "a share, not a link"),
            ]),
            !hasGroups ? top : AddColumn(shapes, 548, 812, top, "Frames: IOMMU groups",
            [
                (Frame("single"), "a group of one device"),
                (Frame("group0"), "a group of several: they"),
                (null, "go to one owner, together"),
                (Joint, "joins the parts of a group"),
                (null, "that are not neighbours"),
            ]),
            AddColumn(shapes, hasGroups ? 830 : 548, right - 14, top, "Can a program have it, through VFIO?",
                [.. Words.States.Where(state => hasGroups || state is NodeState.NoIommu or NodeState.Bridge or NodeState.InUse)
                    .Select(state => (Sign(state), Words.Explain(state)))]),
        ];
        double bottom = bottoms.Max() + 12;
        shapes.Insert(place, panel with { Bounds = new Rect(Columns.Margin, top, right - Columns.Margin, bottom - top) });
        return bottom;
    }

    private static double AddColumn(
        List<Shape> shapes, double x, double right, double top, string title, (Func<double, double, IEnumerable<Shape>>? Sample, string Text)[] lines)
    {
        double y = top + 22;
        shapes.Add(Text(x, y, right, title, LegendSize, TextFace.Bold, "text"));
        double textX = x + SampleWidth + 10;
        foreach ((Func<double, double, IEnumerable<Shape>>? sample, string text) in lines)
        {
            // A line without a sample goes on with the sentence above it.
            y += sample is null ? 16 : LegendLine;
            shapes.AddRange(sample?.Invoke(x, y - 4) ?? []);
            shapes.Add(Text(textX, y, right, text, LegendSize, TextFace.Plain, "text"));
        }

        return y;
    }

    private static Func<double, double, IEnumerable<Shape>> Box(NodeKind kind, double radius) => (x, y) =>
        [new BoxShape(new Rect(x, y - 8, SampleWidth, 16), Math.Min(radius, 6), RowLayout.BoxStyle(kind))];

    private static Func<double, double, IEnumerable<Shape>> Frame(string style) => (x, y) =>
        [new BoxShape(new Rect(x, y - 8, SampleWidth, 16), 4, $"frame {style}")];

    private static Func<double, double, IEnumerable<Shape>> Link(string style, int lanes) => (x, y) =>
        [new PathShape($"M{SvgNumber.Of(x)} {SvgNumber.Of(y)}h{SvgNumber.Of(SampleWidth)}", style, PictureLayout.Thickness(lanes), y - 4, y + 4)];

    private static Func<double, double, IEnumerable<Shape>> Sign(NodeState state) => (x, y) => Icons.Of(state, x + 10, y - (Icons.Size / 2));

    private static IEnumerable<Shape> Slow(double x, double y) => [.. Link("line slow", 4)(x, y).Take(1), Icons.Slow(x + 10, y - (Icons.Size / 2) - 1)];

    private static IEnumerable<Shape> Joint(double x, double y) =>
        [new PathShape($"M{SvgNumber.Of(x)} {SvgNumber.Of(y)}h{SvgNumber.Of(SampleWidth)}", "joint group0-line", 0, y - 4, y + 4)];

    private static TextShape Text(double x, double baseline, double right, string text, double size, TextFace face, string style) =>
        RowLayout.Line(new Rect(x, baseline - size, right - x, size * 1.35), x, baseline, text, size, face, style);
}
