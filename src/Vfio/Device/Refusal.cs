using Vfio.Pci;

namespace Vfio;

/// <summary>Represents the reason why a plan must not be executed. Derived classes add the reason as a type.</summary>
public abstract class Refusal
{
    internal Refusal(PciAddress device, string explanation, bool canForce) =>
        (Device, Explanation, CanForce) = (device, explanation, canForce);

    /// <summary>Gets the device that the refusal is about.</summary>
    public PciAddress Device { get; }

    /// <summary>
    /// Gets the explanation, which is the end of a sentence about the device: <c>its disk nvme0n1 is mounted on
    /// /srv</c>.
    /// </summary>
    public string Explanation { get; }

    /// <summary>Gets whether the change can be forced anyway.</summary>
    public bool CanForce { get; }

    /// <summary>Gets what a person can do about it, in one line.</summary>
    public abstract string Hint { get; }

    /// <summary>Gets the processes that have to close the device first, if waiting can help; otherwise empty.</summary>
    public IReadOnlyList<DeviceHolder> Holders { get; init; } = [];

    /// <summary>Returns the refusal in one line: <c>0000:01:00.0: its disk nvme0n1 is mounted on /srv</c>.</summary>
    /// <returns>The device and the explanation.</returns>
    public override string ToString() => $"{Device}: {Explanation}";
}
