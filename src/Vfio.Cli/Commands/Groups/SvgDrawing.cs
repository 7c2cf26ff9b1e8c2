namespace Vfio.Cli;

/// <summary>Writes a picture as SVG: whole, or a sheet of it. Nothing outside is referred to, and nothing in it runs.</summary>
internal static class SvgDrawing
{
    /// <summary>Writes an SVG file.</summary>
    public static void Write(TextWriter output, Picture picture)
    {
        MarkupWriter svg = new(output);
        Open(svg, picture.Width, 0, picture.Height)
            .With("xmlns", "http://www.w3.org/2000/svg")
            .With("width", picture.Width)
            .With("height", picture.Height)
            .With("aria-labelledby", "picture-title picture-description");
        svg.Start("title").With("id", "picture-title").Text(picture.Title).End();
        svg.Start("desc").With("id", "picture-description").Text(picture.Description).End();
        svg.Start("style").Raw("\nsvg{max-width:100%;height:auto}\n" + Palette.Css()).End();
        svg.Start("rect").With("class", "page").With("width", picture.Width).With("height", picture.Height).End();
        Draw(svg, picture, 0, picture.Height, picture.Rows, isWithHeader: true);
        svg.End();
    }

    /// <summary>Writes a part of the picture, from one height to another, as an element of a page.</summary>
    public static void WriteSheet(MarkupWriter html, Picture picture, double top, double bottom, IReadOnlyList<PictureRow> rows, string label)
    {
        Open(html, picture.Width, top, bottom).With("aria-label", label);
        Draw(html, picture, top, bottom, rows, isWithHeader: top == 0);
        html.End();
    }

    private static MarkupWriter Open(MarkupWriter svg, double width, double top, double bottom) => svg.Start("svg")
        .With("viewBox", $"0 {SvgNumber.Of(top)} {SvgNumber.Of(width)} {SvgNumber.Of(bottom - top)}")
        .With("role", "img");

    private static void Draw(MarkupWriter svg, Picture picture, double top, double bottom, IReadOnlyList<PictureRow> rows, bool isWithHeader)
    {
        foreach (GroupFrame frame in picture.Frames.Where(frame => frame.Bounds.Bottom > top && frame.Bounds.Y < bottom))
        {
            Draw(svg, new BoxShape(frame.Bounds, 10, $"frame {frame.Style}"));
        }

        foreach (PathShape line in picture.Lines.Where(line => line.Bottom >= top && line.Top <= bottom))
        {
            Draw(svg, line);
        }

        foreach (Shape shape in isWithHeader ? picture.Header.Shapes : [])
        {
            Draw(svg, shape);
        }

        foreach (PictureRow row in rows)
        {
            svg.Start("g").Element("title", row.Tooltip);
            foreach (Shape shape in row.Shapes)
            {
                Draw(svg, shape);
            }

            svg.End();
        }
    }

    private static void Draw(MarkupWriter svg, Shape shape)
    {
        switch (shape)
        {
            case BoxShape box:
                svg.Start("rect").With("class", box.Style).With("x", box.Bounds.X).With("y", box.Bounds.Y)
                    .With("width", box.Bounds.Width).With("height", box.Bounds.Height).With("rx", box.Radius).End();
                break;
            case PathShape path:
                svg.Start("path").With("class", path.Style);
                if (path.X != 0 || path.Y != 0)
                {
                    svg.With("transform", $"translate({SvgNumber.Of(path.X)} {SvgNumber.Of(path.Y)})");
                }

                if (path.Thickness != 0)
                {
                    svg.With("stroke-width", path.Thickness);
                }

                svg.With("d", path.Data).End();
                break;
            case TextShape { Text.Length: > 0 } text:
                svg.Start("text").With("class", text.Face switch { TextFace.Bold => $"{text.Style} bold", TextFace.Mono => $"{text.Style} mono", _ => text.Style })
                    .With("x", text.X).With("y", text.Baseline).With("font-size", text.Size);
                if (TextRuler.IsGuess(text.Text))
                {
                    svg.With("textLength", TextRuler.Width(text.Text, text.Size, text.Face)).With("lengthAdjust", "spacingAndGlyphs");
                }

                svg.Text(text.Text).End();
                break;
        }
    }
}
