namespace Vfio.Cli;

/// <summary>
/// Holds the lines typed before. They are kept only in memory, so that a session as root leaves no file behind.
/// </summary>
internal sealed class LineHistory
{
    private const int MaxLines = 1000;

    private readonly List<string> _lines = [];
    private int _position;
    private string _draft = "";

    /// <summary>Adds a line, and moves to the end.</summary>
    public void Add(string line)
    {
        if (line.Trim().Length != 0 && (_lines.Count == 0 || _lines[^1] != line))
        {
            _lines.Add(line);
            if (_lines.Count > MaxLines)
            {
                _lines.RemoveAt(0);
            }
        }

        _position = _lines.Count;
    }

    /// <summary>Moves to the previous or the next line.</summary>
    /// <param name="step">-1 for the previous line, 1 for the next.</param>
    /// <param name="current">The line being typed; it is returned again after the last line.</param>
    /// <returns>The line, or <see langword="null"/> if none exists.</returns>
    public string? Move(int step, string current)
    {
        int next = _position + step;
        if (next < 0 || next > _lines.Count)
        {
            return null;
        }

        if (_position == _lines.Count)
        {
            _draft = current;
        }

        _position = next;
        return next == _lines.Count ? _draft : _lines[next];
    }
}
