namespace Vfio.Host;

/// <summary>One change that a plan makes to the host. A dry run shows its description.</summary>
public sealed class BindingStep : ChangeStep
{
    private readonly Action _run;

    internal BindingStep(string description, Action run)
        : base(description) => _run = run;

    /// <summary>
    /// Gets whether the step changes what all devices share, which only one process at a time may do. Such a step never
    /// blocks in the kernel.
    /// </summary>
    internal bool IsShared { get; private init; }

    /// <summary>Makes a step that changes what all devices share (<see cref="IsShared"/>).</summary>
    internal static BindingStep Shared(string description, Action run) => new(description, run) { IsShared = true };

    internal void Run() => _run();
}
