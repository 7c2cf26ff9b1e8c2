namespace Vfio.Host;

/// <summary>One change of the host that a plan makes; its text is what a dry run shows.</summary>
public sealed class BindingStep
{
    private readonly Action _run;

    internal BindingStep(string description, Action run)
    {
        Description = description;
        _run = run;
    }

    /// <summary>The change in a line: <c>write "vfio-pci" to /sys/bus/pci/devices/0000:00:14.3/driver_override</c>.</summary>
    public string Description { get; }

    /// <summary>The change in a line.</summary>
    /// <returns><see cref="Description"/>.</returns>
    public override string ToString() => Description;

    /// <summary>Whether it changes what all devices share, which one process at a time may do; such a step never blocks in the kernel.</summary>
    internal bool IsShared { get; private init; }

    /// <summary>Makes a step that changes what all devices share (<see cref="IsShared"/>).</summary>
    internal static BindingStep Shared(string description, Action run) => new(description, run) { IsShared = true };

    internal void Run() => _run();
}
