using Vfio.Pci;

namespace Vfio.Host;

/// <summary>What the journal remembers of a device that was taken: what it was before, and who took it.</summary>
public sealed record JournalEntry
{
    /// <summary>The device.</summary>
    public required PciAddress Address { get; init; }

    /// <summary>
    /// What is wrong with the entry; <see langword="null"/> for a sound one. A damaged entry has nothing but its address, unless a newer version wrote it: then it has what is understood of it.
    /// </summary>
    public string? ParseError { get; init; }

    /// <summary>The vendor id, to tell whether the same device is still there.</summary>
    public ushort VendorId { get; init; }

    /// <summary>The device id, to tell whether the same device is still there.</summary>
    public ushort DeviceId { get; init; }

    /// <summary>The driver it was given to; <c>none</c> where it was only taken from its own (<see cref="IsUnbound"/>); empty where only its virtual functions were changed.</summary>
    public string Driver { get; init; } = "";

    /// <summary>The driver it came from; <see langword="null"/> where it had none.</summary>
    public string? OriginalDriver { get; init; }

    /// <summary>The module of that driver, to load it again; <see langword="null"/> where it is built in or unknown.</summary>
    public string? OriginalModule { get; init; }

    /// <summary>The <c>driver_override</c> of before; <see langword="null"/> where there was none.</summary>
    public string? PreviousOverride { get; init; }

    /// <summary>The modules that were loaded for it; unloaded at the end, in this order, where nothing uses them.</summary>
    public IReadOnlyList<string> LoadedModules { get; init; } = [];

    /// <summary>How many virtual functions it had; <see langword="null"/> where that was not changed and taking the device did not lose any.</summary>
    public int? PreviousFunctionCount { get; init; }

    /// <summary>Whether the device itself was taken from its driver; an entry may be there for its virtual functions alone.</summary>
    public bool IsBound => Driver.Length != 0;

    /// <summary>Whether it was taken from its driver and given to none, because its IOMMU group was bound: a bridge that is no bridge to PCI.</summary>
    public bool IsUnbound => Driver == NoDriver;

    /// <summary>As an override it keeps every driver away: none is called so.</summary>
    internal const string NoDriver = "none";

    /// <summary>Whether it says what to go back to: also of a newer version's.</summary>
    internal bool IsUnderstood => IsBound || PreviousFunctionCount is not null;

    /// <summary>Whether vfio-pci was let make virtual functions for it (<c>enable_sriov</c>), and is not to be any more.</summary>
    internal bool EnabledFunctions { get; init; }

    /// <summary>The network interfaces it had.</summary>
    public IReadOnlyList<InterfaceState> Interfaces { get; init; } = [];

    /// <summary>The disks it had, partitions included.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>What else the host called it: its NVMe controller, its graphics card.</summary>
    public IReadOnlyList<string> OtherNames { get; init; } = [];

    /// <summary>The user it was given to, by name; <see langword="null"/> for root alone.</summary>
    public string? User { get; init; }

    /// <summary>That user's number: what the nodes' access lists have. <see langword="null"/> for root alone, and in entries of versions that kept the name only.</summary>
    public uint? UserId { get; init; }

    /// <summary>The device nodes that the user was let open, or is to be, with what that user could do with them before.</summary>
    internal IReadOnlyList<NodeAccess> Nodes { get; init; } = [];

    /// <summary>When it was taken.</summary>
    public DateTimeOffset BoundAt { get; init; }

    /// <summary>The user who took it: under sudo, the one who called it.</summary>
    public string BoundBy { get; init; } = "";

    /// <summary>The process that took it.</summary>
    public int ProcessId { get; init; }

    /// <summary>The child process that makes the kernel's part of a change (<see cref="AttributeChild"/>), noted before its first write; <see langword="null"/> in entries of versions without.</summary>
    internal ProcessIdentity? Writer { get; init; }

    /// <summary>Whether this entry is of the same taking as another; a damaged one may be.</summary>
    internal bool IsTakingOf(JournalEntry other) => ParseError is not null || (BoundAt, ProcessId) == (other.BoundAt, other.ProcessId);

    /// <summary>Whether it was given to this user: the name may have gone to somebody else, or be unknown just now.</summary>
    internal bool IsGivenTo(uint? id, string? name) => User is not null && (UserId is not null && id is not null ? UserId == id : User == name);

    /// <summary>Whether the host called the device so before it was taken.</summary>
    /// <param name="name">The name of an interface, disk, partition, controller or card.</param>
    /// <returns>Whether it is among the names that the entry keeps.</returns>
    public bool HadName(string name) => Interfaces.Any(state => state.Name == name) || Disks.Contains(name) || OtherNames.Contains(name);
}

/// <summary>What a user could do with a device node before it was let open it.</summary>
/// <param name="Node">The node's path below <c>/dev</c>: <c>vfio/12</c>, <c>iommu</c>.</param>
/// <param name="Before">The user's entry in its access list, 0 to 7 as in a mode; <see langword="null"/> for none.</param>
internal sealed record NodeAccess(string Node, int? Before)
{
    /// <summary>Its owner and group of before, where it was made the user's own, as the first version did; <see langword="null"/> otherwise.</summary>
    public (uint User, uint Group)? OwnerBefore { get; init; }
}
