namespace Vfio;

/// <summary>
/// A change that was computed but not made: its steps, what forbids it, and further information for a person. It is
/// immutable, and a snapshot: executing it examines the devices again first, and acts on what it finds then.
/// </summary>
/// <remarks>
/// Computing a plan changes nothing and does not wait. A plan holds no handle and is not disposed. Thread-safe.
/// </remarks>
public abstract class ChangePlan
{
    internal ChangePlan()
    {
    }

    /// <summary>Every change, in order; empty if everything is as wanted already.</summary>
    public abstract IReadOnlyList<ChangeStep> Steps { get; }

    /// <summary>
    /// Gets what forbids it; empty if it may be executed. Where force was asked for, only what cannot be forced.
    /// </summary>
    public abstract IReadOnlyList<Refusal> Refusals { get; }

    /// <summary>Gets what a person should know who executes it, a sentence each.</summary>
    public virtual IReadOnlyList<string> Warnings => [];

    /// <summary>Gets whether nothing forbids it.</summary>
    public bool IsAllowed => Refusals.Count == 0;
}
