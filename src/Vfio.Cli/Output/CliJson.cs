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
    // The published tool has no descriptions of the documents (ILLink.Substitutions.xml), and values that may be missing are the only
    // ones for which the generated code asks for one.
    public static readonly CliJson Writing = new()
    {
        _NullableBoolean = MissingValuesJson.Default.NullableBoolean,
        _NullableDateTime = MissingValuesJson.Default.NullableDateTime,
        _NullableDouble = MissingValuesJson.Default.NullableDouble,
        _NullableInt32 = MissingValuesJson.Default.NullableInt32,
        _NullableUInt32 = MissingValuesJson.Default.NullableUInt32,
        _NullableUInt64 = MissingValuesJson.Default.NullableUInt64,
    };

    // One for each type above: the generated code, called by its name.
    public static void Write(Utf8JsonWriter writer, AccessLine line) => Writing.AccessLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, AllocationLine line) => Writing.AllocationLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, BindDocument document) => Writing.BindDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, BrokerLine line) => Writing.BrokerLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, BusResetDocument document) => Writing.BusResetDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DeviceResetDocument document) => Writing.DeviceResetDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DiffDocument document) => Writing.DiffDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DoctorDocument document) => Writing.DoctorDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DumpDocument document) => Writing.DumpDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, IEnumerable<GroupDocument> documents) => Writing.IEnumerableGroupDocumentSerializeHandler(writer, documents);

    public static void Write(Utf8JsonWriter writer, IEnumerable<ListedDevice> documents) => Writing.IEnumerableListedDeviceSerializeHandler(writer, documents);

    public static void Write(Utf8JsonWriter writer, IEnumerable<StatusDocument> documents) => Writing.IEnumerableStatusDocumentSerializeHandler(writer, documents);

    public static void Write(Utf8JsonWriter writer, IrqBeginLine line) => Writing.IrqBeginLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, IrqSignalsLine line) => Writing.IrqSignalsLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, MemoryLine line) => Writing.MemoryLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, PeekLine line) => Writing.PeekLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, PokeLine line) => Writing.PokeLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ReadAllDocument document) => Writing.ReadAllDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ReadDocument document) => Writing.ReadDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, RecordingLine line) => Writing.RecordingLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ReleaseDocument document) => Writing.ReleaseDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ReleaseDryRunDocument document) => Writing.ReleaseDryRunDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ReplayDocument document) => Writing.ReplayDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ResetLine line) => Writing.ResetLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ShellStatusLine line) => Writing.ShellStatusLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ShowDocument document) => Writing.ShowDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, SriovDocument document) => Writing.SriovDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, WaitLine line) => Writing.WaitLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, WatchLine line) => Writing.WatchLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, WriteDocument document) => Writing.WriteDocumentSerializeHandler(writer, document);
}

/// <summary>The values in documents that may be missing: <c>null</c>, or written like the others.</summary>
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(DateTime?))]
[JsonSerializable(typeof(double?))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(uint?))]
[JsonSerializable(typeof(ulong?))]
internal sealed partial class MissingValuesJson : JsonSerializerContext;
