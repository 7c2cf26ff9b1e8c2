namespace Vfio.Host;

/// <summary>One change of the host that a plan makes; its text is what a dry run shows.</summary>
public sealed class BindingStep : ChangeStep
{
    private readonly Action _run;

    internal BindingStep(string description, Action run)
        : base(description) => _run = run;

    /// <summary>Whether it changes what all devices share, which one process at a time may do; such a step never blocks in the kernel.</summary>
    internal bool IsShared { get; private init; }

    /// <summary>Makes a step that changes what all devices share (<see cref="IsShared"/>).</summary>
    internal static BindingStep Shared(string description, Action run) => new(description, run) { IsShared = true };

    internal void Run() => _run();
}
