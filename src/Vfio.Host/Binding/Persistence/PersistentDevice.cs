using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A device that is bound after every reboot, and its state before it was first bound.</summary>
public sealed record PersistentDevice
{
    /// <summary>The device.</summary>
    public required PciAddress Address { get; init; }

    /// <summary>The vendor ID. A different card at this address is not bound.</summary>
    public required ushort VendorId { get; init; }

    /// <summary>The device ID. A different card at this address is not bound.</summary>
    public required ushort DeviceId { get; init; }

    /// <summary>
    /// The driver to bind to; <c>none</c> if the device is only unbound from its own
    /// (<see cref="JournalEntry.IsUnbound"/>).
    /// </summary>
    public required string Driver { get; init; }

    /// <summary>The original driver; <see langword="null"/> if the device had none.</summary>
    public string? OriginalDriver { get; init; }

    /// <summary>The module of the original driver; <see langword="null"/> if it is built in or unknown.</summary>
    public string? OriginalModule { get; init; }

    /// <summary>The previous value of <c>driver_override</c>; <see langword="null"/> if it was not set.</summary>
    public string? PreviousOverride { get; init; }

    /// <summary>
    /// Gets how many virtual functions the device had; <see langword="null"/> if binding did not remove any.
    /// </summary>
    public int? PreviousFunctionCount { get; init; }

    /// <summary>The network interfaces that the device had.</summary>
    public IReadOnlyList<InterfaceState> Interfaces { get; init; } = [];

    /// <summary>The disks that the device had, partitions included.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>Other names that the device had on the host.</summary>
    public IReadOnlyList<string> OtherNames { get; init; } = [];

    /// <summary>The user for whom the device is bound, by name; <see langword="null"/> for root only.</summary>
    public string? User { get; init; }

    /// <summary>The user who made it persistent; under sudo, the user who called sudo.</summary>
    public string BoundBy { get; init; } = "";

    /// <summary>Gets when the device was bound.</summary>
    public DateTimeOffset BoundAt { get; init; }

    internal static PersistentDevice Of(JournalEntry entry) => new()
    {
        Address = entry.Address,
        VendorId = entry.VendorId,
        DeviceId = entry.DeviceId,
        Driver = entry.Driver,
        OriginalDriver = entry.OriginalDriver,
        OriginalModule = entry.OriginalModule,
        PreviousOverride = entry.PreviousOverride,
        PreviousFunctionCount = entry.PreviousFunctionCount,
        Interfaces = entry.Interfaces,
        Disks = entry.Disks,
        OtherNames = entry.OtherNames,
        User = entry.User,
        BoundBy = entry.BoundBy,
        BoundAt = entry.BoundAt,
    };

    /// <summary>Makes a journal entry for this boot.</summary>
    internal JournalEntry ToEntry() => new()
    {
        Address = Address,
        VendorId = VendorId,
        DeviceId = DeviceId,
        Driver = Driver,
        OriginalDriver = OriginalDriver,
        OriginalModule = OriginalModule,
        PreviousOverride = PreviousOverride,
        PreviousFunctionCount = PreviousFunctionCount,
        Interfaces = Interfaces,
        Disks = Disks,
        OtherNames = OtherNames,
        User = User,
        BoundBy = BoundBy,
        BoundAt = BoundAt,
    };
}
