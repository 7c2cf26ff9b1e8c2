namespace Vfio;

/// <summary>What the journal remembers of a device that was taken: what it was before, and who took it.</summary>
public sealed record JournalEntry
{
    /// <summary>The device.</summary>
    public required PciAddress Address { get; init; }

    /// <summary>What is wrong with the entry; <see langword="null"/> for a sound one. A damaged entry has nothing but its address.</summary>
    public string? Damage { get; init; }

    /// <summary>The vendor id, to tell whether the same device is still there.</summary>
    public ushort VendorId { get; init; }

    /// <summary>The device id, to tell whether the same device is still there.</summary>
    public ushort DeviceId { get; init; }

    /// <summary>The driver it was given to.</summary>
    public string Driver { get; init; } = "";

    /// <summary>The driver it came from; <see langword="null"/> where it had none.</summary>
    public string? DriverBefore { get; init; }

    /// <summary>The module of that driver, to load it again; <see langword="null"/> where it is built in or unknown.</summary>
    public string? ModuleBefore { get; init; }

    /// <summary>The <c>driver_override</c> of before; <see langword="null"/> where there was none.</summary>
    public string? OverrideBefore { get; init; }

    /// <summary>The network interfaces it had.</summary>
    public IReadOnlyList<InterfaceState> Interfaces { get; init; } = [];

    /// <summary>The disks it had, partitions included.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>What else the host called it: its NVMe controller, its graphics card.</summary>
    public IReadOnlyList<string> OtherNames { get; init; } = [];

    /// <summary>The user it was given to; <see langword="null"/> for root alone.</summary>
    public string? User { get; init; }

    /// <summary>The device nodes whose owner was changed, or is to be changed, with the owner of before.</summary>
    internal IReadOnlyList<NodeOwner> Nodes { get; init; } = [];

    /// <summary>When it was taken.</summary>
    public DateTimeOffset TakenAt { get; init; }

    /// <summary>The user who took it: under sudo, the one who called it.</summary>
    public string TakenBy { get; init; } = "";

    /// <summary>The process that took it.</summary>
    public int ProcessId { get; init; }

    /// <summary>Whether the host called the device so before it was taken.</summary>
    /// <param name="name">The name of an interface, disk, partition, controller or card.</param>
    /// <returns>Whether it is among the names that the entry keeps.</returns>
    public bool HadName(string name) => Interfaces.Any(state => state.Name == name) || Disks.Contains(name) || OtherNames.Contains(name);
}

/// <summary>Who owned a device node before it was given to a user.</summary>
/// <param name="Node">The node's path below <c>/dev</c>: <c>vfio/12</c>.</param>
/// <param name="UserId">Its owner.</param>
/// <param name="GroupId">Its group.</param>
internal sealed record NodeOwner(string Node, uint UserId, uint GroupId);
