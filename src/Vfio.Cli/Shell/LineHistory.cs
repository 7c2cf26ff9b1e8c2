namespace Vfio.Cli;

/// <summary>The lines typed before. Kept in memory: a session as root leaves no file behind.</summary>
internal sealed class LineHistory
{
    private const int MaxLines = 1000;

    private readonly List<string> _lines = [];
    private int _position;
    private string _draft = "";

    /// <summary>Remembers a line, and goes back to the end.</summary>
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

    /// <summary>The line before, or after.</summary>
    /// <param name="step">-1 or 1.</param>
    /// <param name="current">What is being typed; it comes back after the last line.</param>
    /// <returns>The line, or <see langword="null"/> where there is none.</returns>
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
