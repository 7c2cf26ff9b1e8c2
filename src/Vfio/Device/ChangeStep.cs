namespace Vfio;

/// <summary>Represents one change that a plan makes.</summary>
public class ChangeStep
{
    internal ChangeStep(string description) => Description = description;

    /// <summary>
    /// Gets the change in one line: <c>write "vfio-pci" to /sys/bus/pci/devices/0000:00:14.3/driver_override</c>.
    /// </summary>
    public string Description { get; }

    /// <summary>Returns the change in one line.</summary>
    /// <returns>The description.</returns>
    public override string ToString() => Description;
}
