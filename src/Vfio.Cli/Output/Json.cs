using System.Text.Encodings.Web;
using System.Text.Json;

namespace Vfio.Cli;

/// <summary>
/// Writes JSON to the output piece by piece, so that a long document is never in memory as a whole.
/// <c>CliJson.Write</c> provides the content.
/// </summary>
internal static class Json
{
    // The output is not embedded in a web page, and "bar0+0x10" should stay readable.
    private static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Indented = OneLine with { Indented = true, NewLine = "\n" };

    /// <summary>Writes a document, indented for readers.</summary>
    public static void Write<T>(TextWriter output, T document, Action<Utf8JsonWriter, T> write) =>
        Write(output, document, write, Indented);

    /// <summary>Writes one object on one line (JSON Lines).</summary>
    public static void WriteLine<T>(TextWriter output, T line, Action<Utf8JsonWriter, T> write) =>
        Write(output, line, write, OneLine);

    private static void Write<T>(
        TextWriter output, T document, Action<Utf8JsonWriter, T> write, JsonWriterOptions options)
    {
        using (Utf8JsonWriter writer = new(new CleanJson(output), options))
        {
            write(writer, document);
        }

        output.WriteLine();
    }
}
