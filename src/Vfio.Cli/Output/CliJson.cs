using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Vfio.Cli;

/// <summary>
/// Every document and line of <c>--json</c> (docs/cli.md has their fields). Fields are named after the properties, in their order; texts are made fit for a terminal.
/// They are only written: those that look at other objects have a constructor for the generator, so that it makes no code to read these.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(AccessLine))]
[JsonSerializable(typeof(AllocationLine))]
[JsonSerializable(typeof(BindDocument))]
[JsonSerializable(typeof(BrokerLine))]
[JsonSerializable(typeof(BusResetDocument))]
[JsonSerializable(typeof(DeviceResetDocument))]
[JsonSerializable(typeof(DiffDocument))]
[JsonSerializable(typeof(DoctorDocument))]
[JsonSerializable(typeof(DumpDocument))]
[JsonSerializable(typeof(IEnumerable<GroupDocument>))]
[JsonSerializable(typeof(IEnumerable<ListedDevice>))]
[JsonSerializable(typeof(IEnumerable<StatusDocument>))]
[JsonSerializable(typeof(IrqBeginLine))]
[JsonSerializable(typeof(IrqSignalsLine))]
[JsonSerializable(typeof(MemoryLine))]
[JsonSerializable(typeof(PeekLine))]
[JsonSerializable(typeof(PokeLine))]
[JsonSerializable(typeof(ReadAllDocument))]
[JsonSerializable(typeof(ReadDocument))]
[JsonSerializable(typeof(RecordingLine))]
[JsonSerializable(typeof(ReleaseDocument))]
[JsonSerializable(typeof(ReleaseDryRunDocument))]
[JsonSerializable(typeof(ReplayDocument))]
[JsonSerializable(typeof(ResetLine))]
[JsonSerializable(typeof(ShellStatusLine))]
[JsonSerializable(typeof(ShowDocument))]
[JsonSerializable(typeof(SriovDocument))]
[JsonSerializable(typeof(WaitLine))]
[JsonSerializable(typeof(WatchLine))]
[JsonSerializable(typeof(WriteDocument))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>For documents, which people read too.</summary>
    public static CliJson Indented { get; } = new(Make(isIndented: true));

    /// <summary>For JSON Lines.</summary>
    public static CliJson OneLine { get; } = new(Make(isIndented: false));

    // Nothing here ends up in a web page; "bar0+0x10" should stay readable.
    private static JsonSerializerOptions Make(bool isIndented) => new()
    {
        WriteIndented = isIndented,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new CleanText() },
    };

    // Texts come from the host and the device, and must not speak to a terminal.
    private sealed class CleanText : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(Printable.Clean(value));
    }
}
