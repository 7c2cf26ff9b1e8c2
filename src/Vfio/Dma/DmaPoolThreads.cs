namespace Vfio;

/// <summary>Specifies which threads use a <see cref="DmaPool"/> and its blocks.</summary>
public enum DmaPoolThreads
{
    /// <summary>Any thread, at any time. Renting and returning need a locked instruction each.</summary>
    Any = 0,

    /// <summary>
    /// Only one thread, at any time: it rents, uses and returns the blocks. This is the fastest. Use by another thread
    /// is an error that is not detected, because a locked instruction costs as much as everything else together: two
    /// threads may get the same block. Disposal is allowed to any thread.
    /// </summary>
    One = 1,
}
