using System.Text.Json;
using System.Text.Json.Serialization;

namespace Vfio.Cli;

/// <summary>
/// Every document and line of <c>--json</c> (docs/cli.md has their fields). Fields are named after the properties, in their order.
/// They are only written, by <see cref="Json"/>, with the code that the generator makes for each type: descriptions of the types, which
/// a reader would need, would add a tenth to the size of the tool. Documents that look at other objects have a constructor for the
/// generator.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Serialization, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
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
    // One for each type above: the generated code, called by its name.
    public static void Write(Utf8JsonWriter writer, AccessLine line) => Default.AccessLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, AllocationLine line) => Default.AllocationLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, BindDocument document) => Default.BindDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, BrokerLine line) => Default.BrokerLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, BusResetDocument document) => Default.BusResetDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DeviceResetDocument document) => Default.DeviceResetDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DiffDocument document) => Default.DiffDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DoctorDocument document) => Default.DoctorDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DumpDocument document) => Default.DumpDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, IEnumerable<GroupDocument> documents) => Default.IEnumerableGroupDocumentSerializeHandler(writer, documents);

    public static void Write(Utf8JsonWriter writer, IEnumerable<ListedDevice> documents) => Default.IEnumerableListedDeviceSerializeHandler(writer, documents);

    public static void Write(Utf8JsonWriter writer, IEnumerable<StatusDocument> documents) => Default.IEnumerableStatusDocumentSerializeHandler(writer, documents);

    public static void Write(Utf8JsonWriter writer, IrqBeginLine line) => Default.IrqBeginLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, IrqSignalsLine line) => Default.IrqSignalsLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, MemoryLine line) => Default.MemoryLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, PeekLine line) => Default.PeekLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, PokeLine line) => Default.PokeLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ReadAllDocument document) => Default.ReadAllDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ReadDocument document) => Default.ReadDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, RecordingLine line) => Default.RecordingLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ReleaseDocument document) => Default.ReleaseDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ReleaseDryRunDocument document) => Default.ReleaseDryRunDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ReplayDocument document) => Default.ReplayDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ResetLine line) => Default.ResetLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ShellStatusLine line) => Default.ShellStatusLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ShowDocument document) => Default.ShowDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, SriovDocument document) => Default.SriovDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, WaitLine line) => Default.WaitLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, WatchLine line) => Default.WatchLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, WriteDocument document) => Default.WriteDocumentSerializeHandler(writer, document);
}
