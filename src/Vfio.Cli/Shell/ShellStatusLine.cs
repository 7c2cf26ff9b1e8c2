using System.Text.Json.Serialization;

namespace Vfio.Cli;

/// <summary>Describes the state of a session and its device, as JSON.</summary>
internal sealed class ShellStatusLine(RegisterSession session, DeviceUse use)
{
    [JsonConstructor]
    internal ShellStatusLine()
        : this(null!, null!)
    {
    }

    public double Time { get; } = session.Time;

    public string Operation { get; } = "status";

    public string Device => session.Target.Name;

    public string Backend => session.Device.BackendName;

    public bool? IsBusMaster => use.IsBusMaster;

    public string? NoAddressSpace => use.NoSpace;

    public ulong? Bytes => use.Usage?.Bytes;

    public int? MostMappings => use.Usage?.PeakMappings;

    public ulong? MostBytes => use.Usage?.PeakBytes;

    public uint? EntriesLeft => use.Usage?.EntriesLeft;

    public ulong? LockedBytes => use.Usage?.LockedBytes;

    public ulong? LockedLimit => use.Usage?.LockedLimit;

    public RangeDocument[] Ranges =>
        [.. use.Ranges.Select(range => new RangeDocument(range.First.ToString(), range.Last.ToString()))];

    public MappingDocument[] Mappings => [.. use.Mappings.Select(MappingDocument.Of)];

    public string? NoFaults => use.NoFaults;

    public FaultDocument[] Faults => [.. use.Faults.Select(fault => new FaultDocument(
        fault.Iova.ToString(),
        DmaText.Word(fault.Access),
        fault.Reason,
        fault.Mapping is DmaMappingInfo mapping ? MappingDocument.Of(mapping) : null))];
}

/// <summary>Describes a range of usable addresses.</summary>
internal sealed record RangeDocument(string First, string Last);

/// <summary>Describes memory that the device can access.</summary>
internal sealed record MappingDocument(string Iova, ulong Length, string Access, string Owner, double Age, bool IsLive)
{
    public static MappingDocument Of(DmaMappingInfo mapping) =>
        new(
            mapping.Iova.ToString(),
            mapping.Length,
            DmaText.Word(mapping.Access),
            mapping.Owner,
            Math.Round(mapping.Age.TotalSeconds, 3),
            mapping.IsLive);
}

/// <summary>Describes a transfer that was stopped.</summary>
internal sealed record FaultDocument(string Iova, string Access, string Reason, MappingDocument? Mapping);
