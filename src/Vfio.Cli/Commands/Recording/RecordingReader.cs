using System.Globalization;
using System.Text.Json;

namespace Vfio.Cli;

/// <summary>Represents an access of a recording, with the number of its line.</summary>
internal readonly record struct RecordedAccess(int Line, Access Access);

/// <summary>Represents a recording, which is read and validated as a whole. The file is untrusted.</summary>
internal sealed class RecordingReader
{
    private const int MaxLineLength = 64 * 1024;
    private const int MaxAccesses = 1_000_000;
    private const string WhatIsRead = "use a file that 'record FILE' in vfio shell wrote";

    // A record is an object that contains one more level, its fields.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 4 };

    private readonly string _path;
    private int _line;

    private RecordingReader(string path, RegisterNames names)
    {
        _path = path;
        using LineReader lines = new(InputFile.Open(ReplayCommand.Name, path, WhatIsRead), MaxLineLength);
        ReadHeader(Next(lines) ?? throw Mistake("is empty"));
        while (Next(lines) is string line)
        {
            if (line.Length != 0 && Read(line, ReadAccess, names) is Access access)
            {
                Accesses.Add(new RecordedAccess(_line, access));
            }

            if (Accesses.Count > MaxAccesses)
            {
                throw Mistake($"the recording has more than {MaxAccesses} accesses");
            }
        }
    }

    public ushort VendorId { get; private set; }

    public ushort DeviceId { get; private set; }

    public List<RecordedAccess> Accesses { get; } = [];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="names">The register names of the device on which the recording will be replayed.</param>
    /// <exception cref="CliException">The file cannot be read, or one of its lines is not a record.</exception>
    public static RecordingReader Open(string path, RegisterNames names) => new(path, names);

    /// <summary>Creates the exception for an invalid line.</summary>
    public CliException Mistake(string what, int? line = null) =>
        new($"{ReplayCommand.Name}: {InputFile.Show(_path)}:{line ?? Math.Max(1, _line)}: {what}", WhatIsRead);

    private void ReadHeader(string text) => Read<object?>(text, (header, _) =>
    {
        if (Text(header, "format") != RecordingFormat.Name)
        {
            throw Mistake("is not the first line of a recording");
        }

        if (!header.TryGetProperty("version", out JsonElement version) || version.ValueKind != JsonValueKind.Number
            || !version.TryGetInt32(out int number) || number != RecordingFormat.Version)
        {
            throw Mistake($"the version of the format is not {RecordingFormat.Version}");
        }

        VendorId = Id(header, "vendorId");
        DeviceId = Id(header, "deviceId");
        return null;
    }, RegisterNames.None);

    private Access? ReadAccess(JsonElement record, RegisterNames names)
    {
        string? operation = Text(record, "operation");
        if (RecordingFormat.IsOfMemory(operation))
        {
            return null;
        }

        AccessKind kind = RecordingFormat.KindOf(operation)
            ?? throw Mistake("'operation' is not read, write, wait or reset");
        if (kind == AccessKind.Reset)
        {
            return new Access(kind, default, 0);
        }

        int bits = (int)Math.Min(Integer(record, "width"), 255);
        if (bits is not (8 or 16 or 32 or 64))
        {
            throw Mistake("'width' is not 8, 16, 32 or 64");
        }

        if (!DumpCommand.TryParseRegion(Text(record, "region") ?? "", out Place place))
        {
            throw Mistake("'region' is not one of bar0 to bar5, rom, config");
        }

        place = place with { Offset = Integer(record, "offset") };
        if (place.Offset % (uint)(bits / 8) != 0)
        {
            throw Mistake($"'offset' is not a multiple of {bits / 8}");
        }

        Access access = new(kind, names.Describe(place, bits), Value(record, "value", bits));
        return kind != AccessKind.Wait ? access : access with
        {
            Condition = new WaitCondition(
                Value(record, "mask", bits), Value(record, "wanted", bits), Seconds(record, "timeout")),
        };
    }

    private T Read<T>(string line, Func<JsonElement, RegisterNames, T> read, RegisterNames names)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line, Options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? read(document.RootElement, names)
                : throw Mistake("is not a JSON object");
        }
        catch (JsonException)
        {
            throw Mistake("is not a JSON object");
        }
        catch (InvalidOperationException)
        {
            // The string contains an unpaired surrogate.
            throw Mistake("is not valid text");
        }
    }

    private string? Next(LineReader lines)
    {
        try
        {
            string? line = lines.Next();
            _line = lines.Line;
            return line;
        }
        catch (FormatException e)
        {
            _line = lines.Line;
            throw Mistake(e.Message);
        }
    }

    private static string? Text(JsonElement record, string name) =>
        record.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private ushort Id(JsonElement record, string name) =>
        Text(record, name) is { Length: 4 } text
        && ushort.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort id)
            ? id
            : throw Mistake($"'{name}' is not four hexadecimal digits");

    private ulong Integer(JsonElement record, string name) =>
        record.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetUInt64(out ulong number)
            ? number
            : throw Mistake($"'{name}' is not a whole number");

    private ulong Value(JsonElement record, string name, int bits) =>
        Number.TryParse(Text(record, name), out ulong value) && RegisterWidth.Fits(value, bits)
            ? value
            : throw Mistake($"'{name}' is not a string with a number of {bits} bits");

    private TimeSpan Seconds(JsonElement record, string name) =>
        record.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out double seconds) && seconds is >= 0 and <= ShellParser.MaxTimeoutSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw Mistake($"'{name}' is not a number of seconds from 0 to one hour");
}
