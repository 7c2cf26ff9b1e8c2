namespace Vfio;

/// <summary>How a vector is waited for. The defaults suit most.</summary>
public sealed record InterruptOptions
{
    /// <summary>The thread that completes <see cref="InterruptVector.WaitAsync"/>; the device's own unless given, made with the first such wait. Must outlive the vector.</summary>
    public InterruptLoop? Loop { get; init; }

    /// <summary>
    /// Whether what follows an <c>await</c> of <see cref="InterruptVector.WaitAsync"/> runs on the loop's thread itself: microseconds sooner. But while it runs, no other interrupt of
    /// that loop is told, and if it waits for one, for ever. Off unless told: then another thread of the loop runs it, and the thread pool what comes while that one is busy.
    /// </summary>
    public bool RunContinuationsInline { get; init; }
}
