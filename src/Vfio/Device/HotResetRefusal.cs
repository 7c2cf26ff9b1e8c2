using Vfio.Pci;

namespace Vfio;

/// <summary>Why a bus must not be reset.</summary>
public sealed class HotResetRefusal : Refusal
{
    internal HotResetRefusal(
        PciAddress device,
        HotResetRefusalReason reason,
        string explanation,
        string hint,
        IReadOnlyList<HotResetDevice>? strangers = null)
        : base(device, explanation, canForce: false)
    {
        (Reason, Hint) = (reason, hint);
        OtherOwners = strangers ?? [];
    }

    /// <summary>The reason.</summary>
    public HotResetRefusalReason Reason { get; }

    /// <summary>The devices that are not this program's.</summary>
    public IReadOnlyList<HotResetDevice> OtherOwners { get; }

    /// <inheritdoc/>
    public override string Hint { get; }
}

/// <summary>Why a bus must not be reset.</summary>
public enum HotResetRefusalReason
{
    /// <summary>The kernel names no device on the bus.</summary>
    NoDevices,

    /// <summary>Devices are hit that are not this program's (<see cref="HotResetRefusal.OtherOwners"/>).</summary>
    OtherOwners,

    /// <summary>The kernel says that not all devices are this program's, and not which.</summary>
    NotAllOwned,
}
