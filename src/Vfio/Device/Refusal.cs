using Vfio.Pci;

namespace Vfio;

/// <summary>Why a plan must not be executed. What derives from it has the reason as a type.</summary>
public abstract class Refusal
{
    internal Refusal(PciAddress device, string explanation, bool canForce) =>
        (Device, Explanation, CanForce) = (device, explanation, canForce);

    /// <summary>The device it is about.</summary>
    public PciAddress Device { get; }

    /// <summary>The end of a sentence about the device: <c>its disk nvme0n1 is mounted on /srv</c>.</summary>
    public string Explanation { get; }

    /// <summary>Gets whether the change can be forced anyway.</summary>
    public bool CanForce { get; }

    /// <summary>Gets what a person can do about it, one line.</summary>
    public abstract string Hint { get; }

    /// <summary>Gets the processes that have to close the device first, if waiting can help; otherwise empty.</summary>
    public IReadOnlyList<DeviceHolder> Holders { get; init; } = [];

    /// <summary>The refusal in a line: <c>0000:01:00.0: its disk nvme0n1 is mounted on /srv</c>.</summary>
    /// <returns>Device and explanation.</returns>
    public override string ToString() => $"{Device}: {Explanation}";
}
