namespace Vfio.Host;

/// <summary>A device that is to be taken: where it stands, and how it is to be taken.</summary>
/// <param name="Device">The device.</param>
/// <param name="Before">What the journal has of it, sound.</param>
/// <param name="Module">The module of the driver; empty where none is of interest.</param>
/// <param name="Driver">The driver it is to go to.</param>
/// <param name="Pending">The step that ends what an earlier command left unfinished.</param>
internal sealed record DeviceTaking(PciDeviceInfo Device, JournalEntry? Before, string Module, string Driver, BindingStep? Pending)
{
    /// <summary>The entry of its being taken. One may be there for virtual functions alone.</summary>
    public JournalEntry? Taken => Before is { IsBound: true } ? Before : null;

    /// <summary>Whether it was refused as what it is, so that there are no steps for it.</summary>
    public bool IsHopeless { get; private set; }

    public BindingRefusal Refuse(RefusalReason reason, string explanation, string? hint = null, IReadOnlyList<DeviceHolder>? holders = null)
    {
        IsHopeless = true;
        return new BindingRefusal(Device.Address, reason, explanation, canForce: false, hint) { Holders = holders ?? [] };
    }
}
