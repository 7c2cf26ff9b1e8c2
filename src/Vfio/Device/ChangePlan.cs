namespace Vfio;

/// <summary>
/// Represents a change that was computed but not made: its steps, the reasons that forbid it, and further information
/// for a person. A plan is immutable, and a snapshot: executing it first examines the devices again, and acts on what
/// it finds then.
/// </summary>
/// <remarks>
/// Computing a plan changes nothing and does not wait. A plan holds no handle and is not disposed. Thread-safe.
/// </remarks>
public abstract class ChangePlan
{
    internal ChangePlan()
    {
    }

    /// <summary>Gets every change, in order; empty if there is nothing to change.</summary>
    public abstract IReadOnlyList<ChangeStep> Steps { get; }

    /// <summary>
    /// Gets the reasons that forbid the change; empty if it may be executed. If force was requested, only those that
    /// cannot be forced.
    /// </summary>
    public abstract IReadOnlyList<Refusal> Refusals { get; }

    /// <summary>Gets what a person should know before executing the plan, one sentence each.</summary>
    public virtual IReadOnlyList<string> Warnings => [];

    /// <summary>Gets whether the plan may be executed.</summary>
    public bool IsAllowed => Refusals.Count == 0;
}
