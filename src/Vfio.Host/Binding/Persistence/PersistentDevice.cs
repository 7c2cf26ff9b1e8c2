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
    public string? DriverBefore { get; init; }

    /// <summary>The module of that driver; <see langword="null"/> where it is built in or unknown.</summary>
    public string? ModuleBefore { get; init; }

    /// <summary>The <c>driver_override</c> of before; <see langword="null"/> where there was none.</summary>
    public string? OverrideBefore { get; init; }

    /// <summary>How many virtual functions it had; <see langword="null"/> where taking it lost none.</summary>
    public int? FunctionsBefore { get; init; }

    /// <summary>The network interfaces it had.</summary>
    public IReadOnlyList<InterfaceState> Interfaces { get; init; } = [];

    /// <summary>The disks it had, partitions included.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>What else the host called it.</summary>
    public IReadOnlyList<string> OtherNames { get; init; } = [];

    /// <summary>The user it is given to, by name; <see langword="null"/> for root alone.</summary>
    public string? User { get; init; }

    /// <summary>The user who made it persistent: under sudo, the one who called it.</summary>
    public string TakenBy { get; init; } = "";

    /// <summary>When it was taken.</summary>
    public DateTimeOffset TakenAt { get; init; }

    internal static PersistentDevice Of(JournalEntry entry) => new()
    {
        Address = entry.Address,
        VendorId = entry.VendorId,
        DeviceId = entry.DeviceId,
        Driver = entry.Driver,
        DriverBefore = entry.DriverBefore,
        ModuleBefore = entry.ModuleBefore,
        OverrideBefore = entry.OverrideBefore,
        FunctionsBefore = entry.FunctionsBefore,
        Interfaces = entry.Interfaces,
        Disks = entry.Disks,
        OtherNames = entry.OtherNames,
        User = entry.User,
        TakenBy = entry.TakenBy,
        TakenAt = entry.TakenAt,
    };

    /// <summary>As the journal would have it, for this boot.</summary>
    internal JournalEntry ToEntry() => new()
    {
        Address = Address,
        VendorId = VendorId,
        DeviceId = DeviceId,
        Driver = Driver,
        DriverBefore = DriverBefore,
        ModuleBefore = ModuleBefore,
        OverrideBefore = OverrideBefore,
        FunctionsBefore = FunctionsBefore,
        Interfaces = Interfaces,
        Disks = Disks,
        OtherNames = OtherNames,
        User = User,
        TakenBy = TakenBy,
        TakenAt = TakenAt,
    };
}
