using System.Text.Json;
using System.Text.Json.Serialization;

namespace Vfio.Cli;

/// <summary>
/// Lists every document and line that <c>--json</c> prints (docs/cli.md describes their fields). Fields are named after
/// the properties, in their order. <see cref="Json"/> only writes them, with the code that the source generator creates
/// for each type. Type metadata, which reading would need, would make the tool a tenth larger. Documents that are views
/// of other objects have a constructor for the generator.
/// </summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Serialization, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
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
    // The published tool contains no type metadata for the documents (ILLink.Substitutions.xml). Only for nullable
    // values does the generated code ask for metadata, so it is provided here.
    public static readonly CliJson Writing = new()
    {
        _NullableBoolean = MissingValuesJson.Default.NullableBoolean,
        _NullableDateTime = MissingValuesJson.Default.NullableDateTime,
        _NullableDouble = MissingValuesJson.Default.NullableDouble,
        _NullableInt32 = MissingValuesJson.Default.NullableInt32,
        _NullableUInt32 = MissingValuesJson.Default.NullableUInt32,
        _NullableUInt64 = MissingValuesJson.Default.NullableUInt64,
    };

    // One method for each type above calls the generated code by its name.
    public static void Write(Utf8JsonWriter writer, AccessLine line) =>
        Writing.AccessLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, AllocationLine line) =>
        Writing.AllocationLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, BindDocument document) =>
        Writing.BindDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, BrokerLine line) =>
        Writing.BrokerLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, BusResetDocument document) =>
        Writing.BusResetDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DeviceResetDocument document) =>
        Writing.DeviceResetDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DiffDocument document) =>
        Writing.DiffDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DoctorDocument document) =>
        Writing.DoctorDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, DumpDocument document) =>
        Writing.DumpDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, IEnumerable<GroupDocument> documents) =>
        Writing.IEnumerableGroupDocumentSerializeHandler(writer, documents);

    public static void Write(Utf8JsonWriter writer, IEnumerable<ListedDevice> documents) =>
        Writing.IEnumerableListedDeviceSerializeHandler(writer, documents);

    public static void Write(Utf8JsonWriter writer, IEnumerable<StatusDocument> documents) =>
        Writing.IEnumerableStatusDocumentSerializeHandler(writer, documents);

    public static void Write(Utf8JsonWriter writer, IrqBeginLine line) =>
        Writing.IrqBeginLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, IrqSignalsLine line) =>
        Writing.IrqSignalsLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, MemoryLine line) =>
        Writing.MemoryLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, PeekLine line) => Writing.PeekLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, PokeLine line) => Writing.PokeLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ReadAllDocument document) =>
        Writing.ReadAllDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ReadDocument document) =>
        Writing.ReadDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, RecordingLine line) =>
        Writing.RecordingLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ReleaseDocument document) =>
        Writing.ReleaseDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ReleaseDryRunDocument document) =>
        Writing.ReleaseDryRunDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ReplayDocument document) =>
        Writing.ReplayDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, ResetLine line) => Writing.ResetLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ShellStatusLine line) =>
        Writing.ShellStatusLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, ShowDocument document) =>
        Writing.ShowDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, SriovDocument document) =>
        Writing.SriovDocumentSerializeHandler(writer, document);

    public static void Write(Utf8JsonWriter writer, WaitLine line) => Writing.WaitLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, WatchLine line) => Writing.WatchLineSerializeHandler(writer, line);

    public static void Write(Utf8JsonWriter writer, WriteDocument document) =>
        Writing.WriteDocumentSerializeHandler(writer, document);
}

/// <summary>Provides the metadata for the nullable values in documents.</summary>
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(DateTime?))]
[JsonSerializable(typeof(double?))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(uint?))]
[JsonSerializable(typeof(ulong?))]
internal sealed partial class MissingValuesJson : JsonSerializerContext;
