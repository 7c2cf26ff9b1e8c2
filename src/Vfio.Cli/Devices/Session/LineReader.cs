using System.Text;

namespace Vfio.Cli;

/// <summary>Reads the lines of an untrusted file: counts them, and limits their length.</summary>
internal sealed class LineReader(Stream stream, int maxLength) : IDisposable
{
    private readonly StreamReader _reader = new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    private readonly StringBuilder _line = new();

    /// <summary>Gets the number of the line that was read last, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Reads a line.</summary>
    /// <returns>The line without its line break, or <see langword="null"/> at the end of the file.</returns>
    /// <exception cref="FormatException">The line is too long, or contains bytes that are not text.</exception>
    public string? Next()
    {
        _line.Clear();
        int c = _reader.Read();
        if (c < 0)
        {
            return null;
        }

        Line++;
        for (; c is >= 0 and not '\n'; c = _reader.Read())
        {
            if (c == 0 || c == '\ufffd')
            {
                throw new FormatException("is not text");
            }

            if (_line.Length == maxLength)
            {
                throw new FormatException($"is longer than {maxLength} characters");
            }

            _line.Append((char)c);
        }

        return _line.Length != 0 && _line[^1] == '\r' ? _line.ToString(0, _line.Length - 1) : _line.ToString();
    }

    public void Dispose() => _reader.Dispose();
}
