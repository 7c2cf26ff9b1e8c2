using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A device that is taken after every reboot, and what it was before it was taken the first time.</summary>
public sealed record PersistentDevice
{
    /// <summary>The device.</summary>
    public required PciAddress Address { get; init; }

    /// <summary>The vendor id: another card at this address is not taken.</summary>
    public required ushort VendorId { get; init; }

    /// <summary>The device id: another card at this address is not taken.</summary>
    public required ushort DeviceId { get; init; }

    /// <summary>The driver it is given to; <c>none</c> where it is only taken from its own (<see cref="JournalEntry.IsUnbound"/>).</summary>
    public required string Driver { get; init; }

    /// <summary>The driver it came from; <see langword="null"/> where it had none.</summary>
    public string? OriginalDriver { get; init; }

    /// <summary>The module of that driver; <see langword="null"/> where it is built in or unknown.</summary>
    public string? OriginalModule { get; init; }

    /// <summary>The <c>driver_override</c> of before; <see langword="null"/> where there was none.</summary>
    public string? PreviousOverride { get; init; }

    /// <summary>How many virtual functions it had; <see langword="null"/> where taking it lost none.</summary>
    public int? PreviousFunctionCount { get; init; }

    /// <summary>The network interfaces it had.</summary>
    public IReadOnlyList<InterfaceState> Interfaces { get; init; } = [];

    /// <summary>The disks it had, partitions included.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>What else the host called it.</summary>
    public IReadOnlyList<string> OtherNames { get; init; } = [];

    /// <summary>The user it is given to, by name; <see langword="null"/> for root alone.</summary>
    public string? User { get; init; }

    /// <summary>The user who made it persistent: under sudo, the one who called it.</summary>
    public string BoundBy { get; init; } = "";

    /// <summary>When it was taken.</summary>
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

    /// <summary>As the journal would have it, for this boot.</summary>
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
