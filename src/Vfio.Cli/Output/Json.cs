using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Vfio.Cli;

/// <summary>Writes JSON to the output, piece by piece, so that a long document is never in memory as a whole.</summary>
internal static class Json
{
    /// <summary>Writes a document.</summary>
    public static void Write<T>(TextWriter output, T document, JsonTypeInfo<T> type)
    {
        using (TextStream stream = new(output))
        {
            JsonSerializer.Serialize(stream, document, type);
        }

        output.WriteLine();
    }

    /// <summary>Writes one object on one line (JSON Lines), whole.</summary>
    public static void WriteLine<T>(TextWriter output, T line, JsonTypeInfo<T> type) => output.WriteLine(JsonSerializer.Serialize(line, type));

    /// <summary>UTF-8 to text.</summary>
    private sealed class TextStream(TextWriter output) : Stream
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            char[] chars = new char[Encoding.UTF8.GetMaxCharCount(buffer.Length)];
            output.Write(chars, 0, _decoder.GetChars(buffer, chars, flush: false));
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
