namespace Vfio.Host;

/// <summary>A device to bind: its current state, and how it is to be bound.</summary>
/// <param name="Device">The device.</param>
/// <param name="Before">Its journal entry, which is valid; <see langword="null"/> for none.</param>
/// <param name="Module">The module of the driver; empty if none is needed.</param>
/// <param name="Driver">The driver to bind it to.</param>
/// <param name="Pending">The step that ends an unfinished change of an earlier command.</param>
internal sealed record BindCandidate(
    PciDeviceInfo Device, JournalEntry? Before, string Module, string Driver, BindingStep? Pending)
{
    /// <summary>
    /// Gets the entry of an earlier bind; <see langword="null"/> for none, or for an entry that exists only because of
    /// virtual functions.
    /// </summary>
    public JournalEntry? Existing => Before is { IsBound: true } ? Before : null;

    /// <summary>Gets whether the device was refused for what it is, so that no steps are computed for it.</summary>
    public bool IsHopeless { get; private set; }

    public BindingRefusal Refuse(
        RefusalReason reason, string explanation, string? hint = null, IReadOnlyList<DeviceHolder>? holders = null)
    {
        IsHopeless = true;
        return new BindingRefusal(Device.Address, reason, explanation, canForce: false, hint)
        {
            Holders = holders ?? [],
        };
    }
}
