using Vfio.Pci;

namespace Vfio.Host;

/// <summary>The journal's entry for a bound device: its state before the bind, and who bound it.</summary>
public sealed record JournalEntry
{
    /// <summary>The device.</summary>
    public required PciAddress Address { get; init; }

    /// <summary>
    /// Gets why the entry is corrupt; <see langword="null"/> for a valid one. A corrupt entry has nothing but its
    /// address. If a newer version wrote the entry, it has what this version understands of it.
    /// </summary>
    public string? ParseError { get; init; }

    /// <summary>The vendor ID, to tell whether the same device is still there.</summary>
    public ushort VendorId { get; init; }

    /// <summary>The device ID, to tell whether the same device is still there.</summary>
    public ushort DeviceId { get; init; }

    /// <summary>
    /// The driver that the device is bound to; <c>none</c> if it was only unbound from its own
    /// (<see cref="IsUnbound"/>); empty if only its virtual functions were changed.
    /// </summary>
    public string Driver { get; init; } = "";

    /// <summary>The original driver; <see langword="null"/> if the device had none.</summary>
    public string? OriginalDriver { get; init; }

    /// <summary>
    /// The module of the original driver, to load it again; <see langword="null"/> if it is built in or unknown.
    /// </summary>
    public string? OriginalModule { get; init; }

    /// <summary>The previous value of <c>driver_override</c>; <see langword="null"/> if it was not set.</summary>
    public string? PreviousOverride { get; init; }

    /// <summary>
    /// The modules that were loaded for the device. A release unloads them in this order, if nothing uses them.
    /// </summary>
    public IReadOnlyList<string> LoadedModules { get; init; } = [];

    /// <summary>
    /// Gets how many virtual functions the device had; <see langword="null"/> if that was not changed and binding did
    /// not remove any.
    /// </summary>
    public int? PreviousFunctionCount { get; init; }

    /// <summary>
    /// Gets whether the device itself was unbound from its driver. An entry may also exist only because of its virtual
    /// functions.
    /// </summary>
    public bool IsBound => Driver.Length != 0;

    /// <summary>
    /// Gets whether the device was unbound from its driver and bound to no other, because its IOMMU group was bound: a
    /// bridge of another kind than PCI-to-PCI.
    /// </summary>
    public bool IsUnbound => Driver == NoDriver;

    // As a driver_override this name keeps every driver away, because no driver has it.
    internal const string NoDriver = "none";

    /// <summary>
    /// Gets whether the entry says what to restore. This may hold for an entry of a newer version too.
    /// </summary>
    internal bool IsUnderstood => IsBound || PreviousFunctionCount is not null;

    /// <summary>
    /// Gets whether vfio-pci was allowed to enable virtual functions (its parameter <c>enable_sriov</c>), which a
    /// release undoes.
    /// </summary>
    internal bool EnabledFunctions { get; init; }

    /// <summary>The network interfaces that the device had.</summary>
    public IReadOnlyList<InterfaceState> Interfaces { get; init; } = [];

    /// <summary>The disks that the device had, partitions included.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>Other names of the device on the host: of its NVMe controller, of its graphics card.</summary>
    public IReadOnlyList<string> OtherNames { get; init; } = [];

    /// <summary>The user for whom the device was bound, by name; <see langword="null"/> for root only.</summary>
    public string? User { get; init; }

    /// <summary>
    /// The ID of that user, as the nodes' ACLs have it; <see langword="null"/> for root only, and in entries of
    /// versions that recorded only the name.
    /// </summary>
    public uint? UserId { get; init; }

    /// <summary>
    /// The device nodes to which the user was or is being granted access, with the user's previous access.
    /// </summary>
    internal IReadOnlyList<NodeAccess> Nodes { get; init; } = [];

    /// <summary>Gets when the device was bound.</summary>
    public DateTimeOffset BoundAt { get; init; }

    /// <summary>The user who bound it; under sudo, the user who called sudo.</summary>
    public string BoundBy { get; init; } = "";

    /// <summary>The process that bound it.</summary>
    public int ProcessId { get; init; }

    /// <summary>
    /// The child process that writes to the kernel for a change (<see cref="AttributeChild"/>), recorded before its
    /// first write; <see langword="null"/> in entries of versions that did not record it.
    /// </summary>
    internal ProcessIdentity? Writer { get; init; }

    /// <summary>Gets whether this entry is of the same bind as another. A corrupt entry counts as the same.</summary>
    internal bool IsSameBindAs(JournalEntry other) =>
        ParseError is not null || (BoundAt, ProcessId) == (other.BoundAt, other.ProcessId);

    /// <summary>
    /// Gets whether the device was bound for this user. The ID decides, since the name may belong to another user now,
    /// or be unknown.
    /// </summary>
    internal bool IsBoundFor(uint? id, string? name) =>
        User is not null && (UserId is not null && id is not null ? UserId == id : User == name);

    /// <summary>Gets whether the device had a name on the host before it was bound.</summary>
    /// <param name="name">The name of an interface, disk, partition, controller or card.</param>
    /// <returns>Whether it is among the names in the entry.</returns>
    public bool HadName(string name) =>
        Interfaces.Any(state => state.Name == name) || Disks.Contains(name) || OtherNames.Contains(name);
}

/// <summary>A user's access to a device node before access was granted.</summary>
/// <param name="Node">The node's path below <c>/dev</c>: <c>vfio/12</c>, <c>iommu</c>.</param>
/// <param name="Before">
/// The user's entry in the node's ACL, 0 to 7 as in a file mode; <see langword="null"/> if there was none.
/// </param>
internal sealed record NodeAccess(string Node, int? Before)
{
    /// <summary>
    /// The node's previous owner and group, if the node was given to the user with chown, as the first version did;
    /// <see langword="null"/> otherwise.
    /// </summary>
    public (uint User, uint Group)? OwnerBefore { get; init; }
}
