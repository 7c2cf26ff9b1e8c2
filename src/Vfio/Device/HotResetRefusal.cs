using Vfio.Pci;

namespace Vfio;

/// <summary>Represents the reason why a bus must not be reset.</summary>
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

    /// <summary>Gets the reason.</summary>
    public HotResetRefusalReason Reason { get; }

    /// <summary>Gets the devices that do not belong to this program.</summary>
    public IReadOnlyList<HotResetDevice> OtherOwners { get; }

    /// <inheritdoc/>
    public override string Hint { get; }
}

/// <summary>Specifies why a bus must not be reset.</summary>
public enum HotResetRefusalReason
{
    /// <summary>The kernel lists no device on the bus.</summary>
    NoDevices,

    /// <summary>
    /// Some affected devices do not belong to this program (<see cref="HotResetRefusal.OtherOwners"/>).
    /// </summary>
    OtherOwners,

    /// <summary>The kernel reports that not all devices belong to this program, but not which.</summary>
    NotAllOwned,
}
