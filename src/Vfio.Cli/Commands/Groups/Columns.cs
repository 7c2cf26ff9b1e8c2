namespace Vfio.Cli;

/// <summary>Where things stand from left to right: the tree, then a column each for what is told of a device.</summary>
internal sealed class Columns
{
    public const double Margin = 20;
    private const double WidestStep = 26;
    private const double NarrowestStep = 12;

    // The tree's room for going deeper; a deeper one makes first the steps narrower, then the picture wider.
    private const double Indentation = 240;
    private const double Lane = 8;
    private const int MostLanes = 5;

    private readonly double _step;

    public Columns(int deepest)
    {
        _step = Math.Clamp(Indentation / Math.Max(1, deepest), NarrowestStep, WidestStep);
        double more = Math.Max(0, (deepest * _step) - Indentation);
        BoxRight = 566 + more;
        Driver = new(580 + more, 0, 100, 0);
        Link = new(690 + more, 0, 138, 0);
        State = new(838 + more, 0, 206, 0);
        Group = new(1054 + more, 0, 132, 0);
        FrameRight = 1190 + more;
        Width = FrameRight + 10 + (MostLanes * Lane) + 10;
    }

    public double BoxRight { get; }

    public Rect Driver { get; }

    public Rect Link { get; }

    public Rect State { get; }

    public Rect Group { get; }

    public double FrameRight { get; }

    public double Width { get; }

    public static int LaneCount => MostLanes;

    public double BoxLeft(int depth) => Margin + (depth * _step);

    /// <summary>The line that leads down from a box to those below it.</summary>
    public double Trunk(int depth) => BoxLeft(depth) + (_step / 2);

    public double LaneX(int lane) => FrameRight + 8 + (lane * Lane);
}
