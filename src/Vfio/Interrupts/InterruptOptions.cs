namespace Vfio;

/// <summary>Specifies how a program waits for a vector. The defaults suit most programs.</summary>
public sealed record InterruptOptions
{
    /// <summary>
    /// Gets the loop whose thread completes <see cref="InterruptVector.WaitAsync"/>. By default, the device's own,
    /// which is created by the first such wait. It must outlive the vector.
    /// </summary>
    public InterruptLoop? Loop { get; init; }

    /// <summary>
    /// Gets whether the continuation of an <c>await</c> of <see cref="InterruptVector.WaitAsync"/> runs on the loop's
    /// own thread. It then starts microseconds earlier, but while it runs the loop reports no other interrupt, and if
    /// it waits for one, it waits forever. Off by default: another thread of the loop runs it, and the thread pool runs
    /// those that arrive while that thread is busy.
    /// </summary>
    public bool RunContinuationsInline { get; init; }
}
