using System.Text.Json;

namespace Vfio.Host;

/// <summary>
/// The reason why a device cannot be bound, released or changed. JSON and lists use its name in lower case with
/// hyphens: <c>no-iommu</c>.
/// </summary>
public enum RefusalReason
{
    /// <summary>It is a bridge or a port.</summary>
    Bridge,

    /// <summary>It is not behind an IOMMU.</summary>
    NoIommu,

    /// <summary>It is not behind an IOMMU, and the kernel's no-IOMMU mode is off.</summary>
    NoIommuMode,

    /// <summary>The firmware reserves memory for it (an RMRR).</summary>
    Reserved,

    /// <summary>One of its disks is mounted, or it carries a share that may be mounted.</summary>
    Mounted,

    /// <summary>One of its disks is used as swap.</summary>
    Swap,

    /// <summary>One of its disks is part of another block device.</summary>
    Held,

    /// <summary>One of its disks is claimed by the kernel.</summary>
    Claimed,

    /// <summary>A program has one of its files open.</summary>
    Open,

    /// <summary>One of its interfaces is up with an address.</summary>
    Address,

    /// <summary>One of its interfaces carries a route.</summary>
    Route,

    /// <summary>One of its interfaces is up as a port of another, or carries another that is up.</summary>
    Port,

    /// <summary>The host shows its screen on it.</summary>
    Display,

    /// <summary>It carries the system console.</summary>
    Console,

    /// <summary>It has virtual functions, or is one that would vanish while it is in use.</summary>
    Functions,

    /// <summary>A change of it by another program has not ended.</summary>
    Busy,

    /// <summary>Another program that still runs has bound it.</summary>
    BoundElsewhere,

    /// <summary>It is bound already, for another user.</summary>
    NotForUser,

    /// <summary>Its IOMMU group is bound for another user.</summary>
    OtherUser,

    /// <summary>It has no IOMMU, so only root can open it.</summary>
    RootOnly,

    /// <summary>It is bound to another VFIO driver than the requested one.</summary>
    OtherDriver,

    /// <summary>A program has it open through VFIO.</summary>
    InUse,

    /// <summary>This kernel does not have the module.</summary>
    Module,

    /// <summary>A modprobe configuration file keeps the module from being loaded.</summary>
    ModuleBanned,

    /// <summary>The kernel does not load modules any more.</summary>
    ModulesDisabled,

    /// <summary>This kernel has no module for address spaces.</summary>
    AddressSpace,

    /// <summary>A file that would have to be written is read-only.</summary>
    ReadOnly,

    /// <summary>There is no space left to record the previous state.</summary>
    Full,

    /// <summary>driverctl binds it to another driver at every boot.</summary>
    Driverctl,

    /// <summary>
    /// Users other than root can change the program that udev and systemd would run, or it cannot run there.
    /// </summary>
    Program,
}

/// <summary>Formats a <see cref="RefusalReason"/>.</summary>
public static class RefusalReasons
{
    /// <summary>Gets the reason as one stable word: <c>no-iommu</c>.</summary>
    /// <param name="reason">The reason.</param>
    /// <returns>Its name in lower case, with hyphens.</returns>
    public static string ToWord(this RefusalReason reason) =>
        JsonNamingPolicy.KebabCaseLower.ConvertName(reason.ToString());
}
