using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Writes one JSON document to the output, piece by piece, so that a long one is never in memory as a whole.</summary>
internal sealed class Json : IDisposable
{
    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        NewLine = "\n",
        // Nothing here ends up in a web page; "bar0+0x10" should stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly TextWriter _output;
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public Json(TextWriter output)
    {
        _output = output;
        Writer = new Utf8JsonWriter(_buffer, Options);
    }

    public Utf8JsonWriter Writer { get; }

    /// <summary>Writes an array, passing on each item when it is done.</summary>
    public void WriteArray<T>(string? name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        if (name is null)
        {
            Writer.WriteStartArray();
        }
        else
        {
            Writer.WriteStartArray(name);
        }

        foreach (T item in items)
        {
            write(Writer, item);
            PassOn();
        }

        Writer.WriteEndArray();
    }

    public void Dispose()
    {
        PassOn();
        Writer.Dispose();
        _output.WriteLine();
    }

    private void PassOn()
    {
        Writer.Flush();
        _output.Write(Encoding.UTF8.GetString(_buffer.WrittenSpan));
        _buffer.ResetWrittenCount();
    }
}

/// <summary>The values that occur in several documents.</summary>
internal static class JsonValues
{
    /// <summary>A text of unknown origin, or null.</summary>
    public static void WriteText(this Utf8JsonWriter json, string name, string? value) =>
        json.WriteString(name, value is null ? null : Printable.Clean(value));

    public static void WriteNumberOrNull(this Utf8JsonWriter json, string name, double? value) => json.WriteOrNull(name, value, json.WriteNumber);

    /// <summary>A whole number, with all its digits: a double has 53 bits.</summary>
    public static void WriteNumberOrNull(this Utf8JsonWriter json, string name, long? value) => json.WriteOrNull(name, value, json.WriteNumber);

    /// <inheritdoc cref="WriteNumberOrNull(Utf8JsonWriter, string, long?)"/>
    public static void WriteNumberOrNull(this Utf8JsonWriter json, string name, ulong? value) => json.WriteOrNull(name, value, json.WriteNumber);

    /// <summary>An array of texts of unknown origin.</summary>
    public static void WriteNames(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(Printable.Clean(text));
        }

        json.WriteEndArray();
    }

    /// <summary>An array of what the host calls a device, an object each: <c>name</c>, and <c>nameHex</c> where the name is bytes that are no UTF-8.</summary>
    public static void WriteHostNames(this Utf8JsonWriter json, string name, IEnumerable<string> names) => json.WriteItems(name, names, (writer, item) =>
    {
        writer.WriteText("name", item);
        if (Printable.BytesOf(item) is byte[] bytes)
        {
            writer.WriteString("nameHex", Convert.ToHexStringLower(bytes));
        }
    });

    /// <summary>An array of objects, whose fields are written by a function.</summary>
    public static void WriteItems<T>(this Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOrNull<T>(this Utf8JsonWriter json, string name, T? value, Action<string, T> write)
        where T : struct
    {
        if (value is T number)
        {
            write(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    public static void WriteRefusals(this Utf8JsonWriter json, string name, IEnumerable<BindingRefusal> refusals)
    {
        json.WriteStartArray(name);
        foreach (BindingRefusal refusal in refusals)
        {
            json.WriteStartObject();
            json.WriteString("address", refusal.Device.ToString());
            json.WriteString("reason", refusal.Reason.ToWord());
            json.WriteText("explanation", refusal.Explanation);
            json.WriteText("hint", refusal.Hint);
            json.WriteBoolean("canForce", refusal.CanForce);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
