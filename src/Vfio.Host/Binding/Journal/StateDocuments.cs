using System.Text.Json.Serialization;

namespace Vfio.Host;

/// <summary>
/// A journal entry as it is in its file. <see cref="JournalFormat"/> checks the values. Fields that the first version
/// did not have may be missing; a list is then empty, and is <see langword="null"/> only if the file says so.
/// </summary>
internal sealed class JournalDocument
{
    [JsonRequired]
    public long Version { get; init; }

    [JsonRequired]
    public string? Address { get; init; }

    [JsonRequired]
    public string? VendorId { get; init; }

    [JsonRequired]
    public string? DeviceId { get; init; }

    [JsonRequired]
    public string? Driver { get; init; }

    [JsonRequired]
    public string? DriverBefore { get; init; }

    public string? ModuleBefore { get; init; }

    [JsonRequired]
    public string? OverrideBefore { get; init; }

    public NamedDocument?[]? LoadedModules { get; set; } = [];

    public long? FunctionsBefore { get; init; }

    public bool EnabledFunctions { get; init; }

    public InterfaceDocument?[]? Interfaces { get; set; } = [];

    public NamedDocument?[]? Disks { get; set; } = [];

    public NamedDocument?[]? OtherNames { get; set; } = [];

    public string? User { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? UserId { get; init; }

    public NodeDocument?[]? Nodes { get; set; } = [];

    public string? TakenAt { get; init; }

    public string? TakenBy { get; init; }

    public long? ProcessId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WriterDocument? Writer { get; init; }
}

/// <summary>The file of persistent devices. <see cref="PersistentFormat"/> checks the values.</summary>
internal sealed class PersistentDocument
{
    [JsonRequired]
    public long Version { get; init; }

    [JsonRequired]
    public string? Program { get; init; }

    [JsonRequired]
    public string?[]? CreatedFolders { get; init; }

    // Each device is read separately, because the first version wrote them as journal entries.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenReading)]
    public PersistentDeviceDocument[]? Devices { get; init; }
}

/// <summary>A persistent device.</summary>
internal sealed class PersistentDeviceDocument
{
    [JsonRequired]
    public string? Address { get; init; }

    [JsonRequired]
    public string? VendorId { get; init; }

    [JsonRequired]
    public string? DeviceId { get; init; }

    public string? Driver { get; init; }

    public string? DriverBefore { get; init; }

    public string? ModuleBefore { get; init; }

    public string? OverrideBefore { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? FunctionsBefore { get; init; }

    public InterfaceDocument?[]? Interfaces { get; set; } = [];

    public NamedDocument?[]? Disks { get; set; } = [];

    public NamedDocument?[]? OtherNames { get; set; } = [];

    public string? User { get; init; }

    public string? TakenAt { get; init; }

    public string? TakenBy { get; init; }
}

/// <summary>Something with a name.</summary>
internal sealed class NamedDocument
{
    public string? Name { get; init; }
}

/// <summary>A network interface. Its name is bytes, and is written in hexadecimal if the bytes are not text.</summary>
internal sealed class InterfaceDocument
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NameHex { get; init; }

    [JsonRequired]
    public bool IsUp { get; init; }
}

/// <summary>A device node, and what a user could do with it.</summary>
internal sealed class NodeDocument
{
    [JsonRequired]
    public string? Node { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Before { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? UserId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? GroupId { get; init; }
}

/// <summary>A child process.</summary>
internal sealed class WriterDocument
{
    [JsonRequired]
    public long ProcessId { get; init; }

    [JsonRequired]
    public long StartTime { get; init; }
}

/// <summary>
/// The JSON options of these documents: unknown fields are ignored, and a field of an unexpected type is an error. Few
/// types are used, because each adds 15 KB to the published tool: strings, 64-bit numbers and lists.
/// </summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(JournalDocument))]
[JsonSerializable(typeof(PersistentDocument))]
[JsonSerializable(typeof(PersistentDeviceDocument))]
internal sealed partial class StateJson : JsonSerializerContext;
