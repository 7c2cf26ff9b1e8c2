namespace Vfio.Cli;

/// <summary>A place in the picture, in its own units: a pixel each where it is shown in its full width.</summary>
internal readonly record struct Rect(double X, double Y, double Width, double Height)
{
    public double Right => X + Width;

    public double Bottom => Y + Height;

    public double Middle => Y + (Height / 2);

    public bool Contains(Rect other) => other.X >= X && other.Y >= Y && other.Right <= Right && other.Bottom <= Bottom;

    public bool Overlaps(Rect other) => other.X < Right && X < other.Right && other.Y < Bottom && Y < other.Bottom;
}

/// <summary>The letters of a text.</summary>
internal enum TextFace
{
    Plain,
    Bold,

    /// <summary>Bold letters of one width: addresses.</summary>
    Mono,
}

/// <summary>Something drawn. Styles are the names of <see cref="Palette"/>.</summary>
/// <param name="Style">One or more names of styles.</param>
internal abstract record Shape(string Style);

/// <summary>A rectangle.</summary>
internal sealed record BoxShape(Rect Bounds, double Radius, string Style) : Shape(Style);

/// <summary>Lines and curves, as SVG's path data says them.</summary>
/// <param name="Data">The path.</param>
/// <param name="Style">Its style.</param>
/// <param name="Thickness">Of its line; 0 where the style says it.</param>
/// <param name="Top">Where it begins.</param>
/// <param name="Bottom">Where it ends.</param>
internal sealed record PathShape(string Data, string Style, double Thickness, double Top, double Bottom) : Shape(Style)
{
    /// <summary>By how much the data is moved to the right.</summary>
    public double X { get; init; }

    /// <summary>By how much the data is moved down.</summary>
    public double Y { get; init; }
}

/// <summary>A line of text.</summary>
/// <param name="Cell">The place that it must not leave.</param>
/// <param name="X">Where it begins.</param>
/// <param name="Baseline">What its letters stand on.</param>
/// <param name="Text">Clean text, cut to what fits.</param>
/// <param name="Size">Of the letters.</param>
/// <param name="Face">The letters.</param>
/// <param name="Style">Its colour.</param>
internal sealed record TextShape(Rect Cell, double X, double Baseline, string Text, double Size, TextFace Face, string Style) : Shape(Style);
