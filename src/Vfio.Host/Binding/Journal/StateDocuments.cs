using System.Text.Json.Serialization;

namespace Vfio.Host;

/// <summary>A journal entry as it stands in its file; what of it is believed, <see cref="JournalFormat"/> decides. Fields that were not in the first version may be missing: a list is empty then, and is <see langword="null"/> where it stands so.</summary>
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

/// <summary>The file of persistent devices. <see cref="PersistentFormat"/> decides what of it is believed.</summary>
internal sealed class PersistentDocument
{
    [JsonRequired]
    public long Version { get; init; }

    [JsonRequired]
    public string? Program { get; init; }

    [JsonRequired]
    public string?[]? CreatedFolders { get; init; }

    // Each is read by itself: the first version had them as the journal's entries.
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

/// <summary>An interface, whose name is bytes: in hexadecimal where they are no text.</summary>
internal sealed class InterfaceDocument
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NameHex { get; init; }

    [JsonRequired]
    public bool IsUp { get; init; }
}

/// <summary>A node, and what a user could do with it.</summary>
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
/// How these are written and read: unknown fields are ignored, and a field of another kind is an error. The kinds are few, since each
/// costs the published tool 15 KB: texts, numbers of 64 bits, and lists.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(JournalDocument))]
[JsonSerializable(typeof(PersistentDocument))]
[JsonSerializable(typeof(PersistentDeviceDocument))]
internal sealed partial class StateJson : JsonSerializerContext;
