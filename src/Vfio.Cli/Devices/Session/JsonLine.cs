using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Vfio.Cli;

/// <summary>One object on one line (JSON Lines): written whole when it is disposed.</summary>
internal sealed class JsonLine : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TextWriter _output;
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public JsonLine(TextWriter output)
    {
        _output = output;
        Writer = new Utf8JsonWriter(_buffer, Options);
        Writer.WriteStartObject();
    }

    /// <summary>Writes into the object.</summary>
    public Utf8JsonWriter Writer { get; }

    /// <summary>Where a register is, and what it is called.</summary>
    public void WritePlace(RegisterPlace place)
    {
        Writer.WriteString("region", place.Place.RegionName);
        Writer.WriteNumber("offset", place.Place.Offset);
        Writer.WriteNumber("width", place.Bits);
        Writer.WriteText("name", place.Register?.Name);
    }

    public void Dispose()
    {
        Writer.WriteEndObject();
        Writer.Flush();
        _output.WriteLine(Encoding.UTF8.GetString(_buffer.WrittenSpan));
        Writer.Dispose();
    }
}
