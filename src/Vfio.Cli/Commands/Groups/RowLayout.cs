namespace Vfio.Cli;

/// <summary>What stands in a row: the device's box, then a column each for driver, link, state and group.</summary>
internal static class RowLayout
{
    private const double Inset = 10;
    private const double LineHeight = 15;
    private const double FirstSize = 12.5;
    private const double SecondSize = 11;

    public static IReadOnlyList<Shape> Make(TreeNode node, Rect box, Columns columns, (string Label, string Detail) group)
    {
        List<Shape> shapes = [];
        if (node.IsFolded)
        {
            // One more behind it: there are many.
            shapes.Add(new BoxShape(new Rect(box.X + 5, box.Y - 3, box.Width - 10, box.Height), 9, "box virtual"));
        }

        shapes.Add(new BoxShape(box, node.Kind >= NodeKind.Endpoint ? 9 : 2, BoxStyle(node.Kind)));
        AddBoxText(shapes, node, box);
        Rect Cell(Rect column) => new(column.X, box.Y, column.Width, box.Height);
        if (node.Kind is NodeKind.RootBus)
        {
            AddHead(shapes, Cell(columns.Driver), "Driver");
            AddHead(shapes, Cell(columns.Link), "Link to the one above");
            AddHead(shapes, Cell(columns.State), "Can a program have it?");
            AddHead(shapes, Cell(columns.Group), "IOMMU group");
            return shapes;
        }

        AddOne(shapes, Cell(columns.Driver), node.Driver ?? "no driver", node.Driver is null ? "dim" : "text");
        AddLink(shapes, Cell(columns.Link), node.Link);
        Rect state = Cell(columns.State);
        shapes.AddRange(Icons.Of(node.State, state.X, state.Middle - (Icons.Size / 2)));
        AddTwo(shapes, new Rect(state.X + 22, state.Y, state.Width - 22, state.Height), Words.Of(node.State), TextFace.Plain, node.StateDetail);
        if (group.Label.Length != 0)
        {
            AddTwo(shapes, Cell(columns.Group), group.Label, TextFace.Bold, group.Detail);
        }
        else if (node.Group is null)
        {
            AddOne(shapes, Cell(columns.Group), "no group", "dim");
        }

        return shapes;
    }

    /// <summary>All of it in words, uncut.</summary>
    public static string Tooltip(TreeNode node)
    {
        if (node.Kind is NodeKind.RootBus)
        {
            return $"{node.Heading}: {node.Detail}";
        }

        string group = node.Group is int number ? $"IOMMU group {Words.Number(number)}" : node.OwnGroups.Count != 0 ? "each in an IOMMU group of its own" : "no IOMMU group";
        return string.Join('\n',
        [
            $"{node.Heading} {node.Name}",
            node.Detail,
            $"driver: {node.Driver ?? "none"}",
            $"link: {LinkText(node.Link)}",
            $"{Words.Of(node.State)}: {node.StateDetail}",
            group,
        ]);
    }

    public static string LinkText(NodeLink link) => string.Join(", ", ((string[])[link.Text, link.Detail]).Where(text => text.Length != 0));

    /// <summary>A line of text in a place, cut to what fits.</summary>
    public static TextShape Line(Rect cell, double x, double baseline, string text, double size, TextFace face, string style) =>
        new(cell, x, baseline, TextRuler.Fit(text, size, face, cell.Right - x), size, face, style);

    public static string BoxStyle(NodeKind kind) => kind switch
    {
        NodeKind.RootBus => "box root",
        NodeKind.VirtualFunction => "box virtual",
        NodeKind.Endpoint => "box",
        _ => "box bridge",
    };

    private static void AddBoxText(List<Shape> shapes, TreeNode node, Rect box)
    {
        Rect cell = new(box.X + Inset, box.Y, box.Width - (2 * Inset), box.Height);
        TextFace face = node.Devices.Count == 1 ? TextFace.Mono : TextFace.Bold;
        TextShape heading = Line(cell, cell.X, box.Middle - 4, node.Heading, FirstSize, face, "text");
        shapes.Add(heading);
        double after = cell.X + TextRuler.Width(heading.Text, FirstSize, face) + 10;
        if (node.Name.Length != 0 && after < cell.Right)
        {
            Rect rest = new(after, cell.Y, cell.Right - after, cell.Height);
            shapes.Add(Line(rest, after, box.Middle - 4, node.Name, FirstSize, TextFace.Plain, "text"));
        }

        shapes.Add(Line(cell, cell.X, box.Middle - 4 + LineHeight, node.Detail, SecondSize, TextFace.Plain, "dim"));
    }

    private static void AddHead(List<Shape> shapes, Rect cell, string text) =>
        shapes.Add(Line(cell, cell.X, cell.Bottom - 6, text, SecondSize, TextFace.Bold, "dim"));

    private static void AddLink(List<Shape> shapes, Rect cell, NodeLink link)
    {
        if (link.Text.Length == 0)
        {
            AddOne(shapes, cell, link.Detail, "dim");
            return;
        }

        Rect rest = cell;
        if (link.IsSlow)
        {
            shapes.Add(Icons.Slow(cell.X - 3, cell.Y + 5));
            rest = new Rect(cell.X + 14, cell.Y, cell.Width - 14, cell.Height);
        }

        shapes.Add(Line(rest, rest.X, cell.Middle - 4, link.Text, FirstSize, TextFace.Plain, "text"));
        shapes.Add(Line(cell, cell.X, cell.Middle - 4 + LineHeight, link.Detail, SecondSize, TextFace.Plain, "dim"));
    }

    private static void AddOne(List<Shape> shapes, Rect cell, string text, string style) =>
        shapes.Add(Line(cell, cell.X, cell.Middle + 4, text, style == "dim" ? SecondSize : FirstSize, TextFace.Plain, style));

    private static void AddTwo(List<Shape> shapes, Rect cell, string first, TextFace face, string second)
    {
        shapes.Add(Line(cell, cell.X, cell.Middle - 4, first, FirstSize, face, "text"));
        shapes.Add(Line(cell, cell.X, cell.Middle - 4 + LineHeight, second, SecondSize, TextFace.Plain, "dim"));
    }
}
