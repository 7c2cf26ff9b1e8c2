using System.Buffers;
using System.Globalization;
using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Converts the UTF-8 of JSON to sanitized text. Strings come from the host and the device, and must not control a
/// terminal: a control or format character, escaped or not, is replaced by a question mark.
/// </summary>
internal sealed class CleanJson(TextWriter output) : IBufferWriter<byte>
{
    private const int SmallestPiece = 4096;
    private const int ShortEscape = 2; // \n
    private const int LongEscape = 6; // \u001b

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _escape = new(LongEscape);
    private byte[] _bytes = new byte[SmallestPiece];
    private char[] _decoded = [];
    private char[] _clean = [];

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (sizeHint > _bytes.Length)
        {
            _bytes = new byte[sizeHint];
        }

        return _bytes;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Advance(int count)
    {
        int most = Encoding.UTF8.GetMaxCharCount(count);
        if (_decoded.Length < most)
        {
            _decoded = new char[most];
            // The text never gets longer. The beginning of an escape sequence is held back until its end arrives.
            _clean = new char[most + LongEscape];
        }

        int length = 0;
        foreach (char c in _decoded.AsSpan(0, _decoder.GetChars(_bytes, 0, count, _decoded, 0, flush: false)))
        {
            length += Clean(c, _clean.AsSpan(length));
        }

        output.Write(_clean, 0, length);
    }

    private int Clean(char c, Span<char> to)
    {
        if (_escape.Length == 0 && c != '\\')
        {
            // The JSON writer's own line breaks are between strings; line breaks in strings are escaped.
            to[0] = c != '\n' && Printable.Acts(c) ? Printable.Replacement : c;
            return 1;
        }

        _escape.Append(c);
        bool isLong = _escape.Length > 1 && _escape[1] == 'u';
        if (_escape.Length < (isLong ? LongEscape : ShortEscape))
        {
            return 0;
        }

        int length = _escape.Length;
        if (Printable.Acts(Meaning(isLong)))
        {
            to[0] = Printable.Replacement;
            length = 1;
        }
        else
        {
            _escape.CopyTo(0, to, length);
        }

        _escape.Clear();
        return length;
    }

    private char Meaning(bool isLong) => isLong
        ? (char)ushort.Parse(
            _escape.ToString(ShortEscape, LongEscape - ShortEscape),
            NumberStyles.HexNumber,
            CultureInfo.InvariantCulture)
        : _escape[1] is '"' or '\\' or '/' ? _escape[1] : '\n';
}
