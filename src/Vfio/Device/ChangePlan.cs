namespace Vfio;

/// <summary>
/// A change that was looked at and not made: what would be done, what forbids it, and what a person should know. Immutable, and a snapshot: whoever executes it looks again first, and what
/// counts is how things are then.
/// </summary>
/// <remarks>Computing one changes nothing and waits for nobody. It holds no handle and is not disposed. Any thread.</remarks>
public abstract class ChangePlan
{
    internal ChangePlan()
    {
    }

    /// <summary>Every change, in order; empty where everything is as wanted already.</summary>
    public abstract IReadOnlyList<ChangeStep> Steps { get; }

    /// <summary>What forbids it; empty where it may be executed. Where force was asked for, only what cannot be forced.</summary>
    public abstract IReadOnlyList<Refusal> Refusals { get; }

    /// <summary>What a person should know who executes it, a sentence each.</summary>
    public virtual IReadOnlyList<string> Warnings => [];

    /// <summary>Whether nothing forbids it.</summary>
    public bool IsAllowed => Refusals.Count == 0;
}
