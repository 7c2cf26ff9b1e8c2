using System.Globalization;
using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Describes the state of a device, as JSON. The fields are the same for named devices and in the list (docs/cli.md).
/// </summary>
internal sealed class StatusDocument(DeviceStatus status, uint? entryLimit)
{
    [JsonConstructor]
    internal StatusDocument()
        : this(null!, null!)
    {
    }

    private JournalEntry? Entry => status.Entry;

    private JournalEntry? Sound => status.IsSound ? status.Entry : null;

    public string Address => status.Name;

    public bool IsModel => status.IsModel;

    public bool IsBound => Entry is { IsBound: true } or { ParseError: not null };

    public bool IsPresent => status.IsModel || status.Device is not null;

    public string? Driver => status.Device?.Driver;

    public string? OriginalDriver => Entry?.OriginalDriver;

    public string? PreviousOverride => Entry?.PreviousOverride;

    public string? User => Entry?.User;

    public string? BoundBy => Sound?.BoundBy;

    public string? BoundAt => Sound?.BoundAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    public int? ProcessId => Sound?.ProcessId;

    public int? PreviousFunctionCount => Entry?.PreviousFunctionCount;

    public string? ParseError => Entry?.ParseError;

    public bool IsPersistent => status.Persistent is not null;

    public string? Driverctl => status.Driverctl;

    public string? Problem => status.Trouble;

    public int? UnfinishedBy => status.Unfinished;

    public int? IommuGroup => status.Device?.IommuGroup;

    public uint? DmaEntryLimit => status.IsModel ? null : entryLimit;

    public NodeDocument[] Nodes => status.Device is PciDeviceInfo device
        ? [.. VfioNode.GetAll(device)
            .Select(node => new NodeDocument(node.Path, node.UserId, node.UserName, node.OtherUsers))]
        : [];

    public HolderDocument[] OpenBy => [.. status.Holders.Select(holder => new HolderDocument(holder))];

    public ProcessDocument[] PerhapsOpenBy => [.. status.Possible.Select(
        process => new ProcessDocument(process.ProcessId, process.Command, process.UserId, process.UserName))];

    public UnexaminedDocument[] NotExamined =>
        [.. status.Unexamined.Select(process => new UnexaminedDocument(process.ProcessId))];

    public static void Write(CliHost host, IEnumerable<DeviceStatus> devices)
    {
        uint? entryLimit = new DmaLimits(host.Root).ReadEntryLimit();
        Json.Write(host.Out, devices.Select(status => new StatusDocument(status, entryLimit)), CliJson.Write);
    }
}

/// <summary>Describes a device node through which the device is opened.</summary>
internal sealed record NodeDocument(string Path, uint UserId, string User, IReadOnlyList<string> OtherUsers);

/// <summary>Describes a process.</summary>
internal sealed record ProcessDocument(int ProcessId, string Command, uint? UserId, string User);

/// <summary>Describes a process that cannot be examined.</summary>
internal sealed record UnexaminedDocument(int ProcessId);

/// <summary>Describes a process that has the device open, and its memory.</summary>
internal sealed class HolderDocument(HolderStatus holder)
{
    [JsonConstructor]
    internal HolderDocument()
        : this(null!)
    {
    }

    public int ProcessId => holder.Process.ProcessId;

    public string Command => holder.Process.Command;

    public uint? UserId => holder.Process.UserId;

    public string User => holder.Process.UserName;

    public MemoryDocument? Memory => holder.Memory is LockedMemoryUse memory
        ? new MemoryDocument(memory.LockedBytes, memory.PinnedBytes, memory.Limit)
        : null;
}

/// <summary>Describes the memory that a process has locked and pinned, and its limit.</summary>
internal sealed record MemoryDocument(ulong LockedBytes, ulong PinnedBytes, ulong? Limit);
