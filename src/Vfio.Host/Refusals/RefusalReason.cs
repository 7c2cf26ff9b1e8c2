using System.Text.Json;

namespace Vfio.Host;

/// <summary>Why a device must not be bound, released or changed. In JSON and in lists, its name in lower case with hyphens: <c>no-iommu</c>.</summary>
public enum RefusalReason
{
    /// <summary>It is a bridge or a port.</summary>
    Bridge,

    /// <summary>No IOMMU is in front of it.</summary>
    NoIommu,

    /// <summary>No IOMMU is in front of it, and the kernel's mode for such devices is off.</summary>
    NoIommuMode,

    /// <summary>The firmware uses it for itself (an RMRR).</summary>
    Reserved,

    /// <summary>A disk of it is mounted, or it carries a share that may be.</summary>
    Mounted,

    /// <summary>A disk of it is swapped on.</summary>
    Swap,

    /// <summary>A disk of it is part of another block device.</summary>
    Held,

    /// <summary>A disk of it is claimed by the kernel.</summary>
    Claimed,

    /// <summary>A program has a file of it open.</summary>
    Open,

    /// <summary>An interface of it is up with an address.</summary>
    Address,

    /// <summary>An interface of it carries a route.</summary>
    Route,

    /// <summary>An interface of it is up as a port of another, or carries one that is up.</summary>
    Port,

    /// <summary>The host shows its screen on it.</summary>
    Display,

    /// <summary>It carries the system console.</summary>
    Console,

    /// <summary>It has virtual functions, or is one that would vanish while it is used.</summary>
    Functions,

    /// <summary>A change of it by another program has not ended.</summary>
    Busy,

    /// <summary>Another program that still runs has bound it.</summary>
    BoundElsewhere,

    /// <summary>It is bound already, for somebody else.</summary>
    NotForUser,

    /// <summary>Its IOMMU group is another user's.</summary>
    OtherUser,

    /// <summary>It has no IOMMU, and so is for root alone.</summary>
    RootOnly,

    /// <summary>It is with another VFIO driver than was asked for.</summary>
    OtherDriver,

    /// <summary>A program has it open through VFIO.</summary>
    InUse,

    /// <summary>This kernel has no such module.</summary>
    Module,

    /// <summary>A file of modprobe's keeps the module from being loaded.</summary>
    ModuleBanned,

    /// <summary>The kernel loads no modules any more.</summary>
    ModulesDisabled,

    /// <summary>This kernel gives devices no address space.</summary>
    AddressSpace,

    /// <summary>What would have to be written can only be read.</summary>
    ReadOnly,

    /// <summary>There is no room left to remember what was before.</summary>
    Full,

    /// <summary>driverctl gives it to another driver at every boot.</summary>
    Driverctl,

    /// <summary>The program that udev and systemd would call is not root's alone.</summary>
    Program,
}

/// <summary>Words for <see cref="RefusalReason"/>.</summary>
public static class RefusalReasons
{
    /// <summary>The reason as one stable word: <c>no-iommu</c>.</summary>
    /// <param name="reason">The reason.</param>
    /// <returns>Its name in lower case, with hyphens.</returns>
    public static string ToWord(this RefusalReason reason) => JsonNamingPolicy.KebabCaseLower.ConvertName(reason.ToString());
}
