namespace Vfio;

/// <summary>One change that a plan makes.</summary>
public class ChangeStep
{
    internal ChangeStep(string description) => Description = description;

    /// <summary>
    /// The change in a line: <c>write "vfio-pci" to /sys/bus/pci/devices/0000:00:14.3/driver_override</c>.
    /// </summary>
    public string Description { get; }

    /// <summary>The change in a line.</summary>
    /// <returns><see cref="Description"/>.</returns>
    public override string ToString() => Description;
}
