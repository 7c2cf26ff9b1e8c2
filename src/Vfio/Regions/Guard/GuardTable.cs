using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// Represents the data that the handler of MemoryGuard.S reads and counts, followed by the slots. Its memory is never
/// freed.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GuardTable
{
    /// <summary>The previous handler: a function, SIG_DFL or SIG_IGN.</summary>
    public nint Old;

    /// <summary>The descriptor of the file of ones, which is never closed.</summary>
    public int Ones;

    /// <summary>The maximum number of covered pieces.</summary>
    public uint Limit;

    /// <summary>The number of covered pieces.</summary>
    public int Taken;

    /// <summary>The number of threads that are in the handler and may be about to cover a piece.</summary>
    public int Busy;

    /// <summary>The number of slots that have been used.</summary>
    public int Count;

    /// <summary>The kernel's struct sigaction for SIG_DFL: zeroes.</summary>
    public DefaultAction Default;

    [StructLayout(LayoutKind.Sequential)]
    public struct DefaultAction
    {
        public long Handler;
        public long Flags;
        public long Restorer;
        public long Mask;
    }
}

/// <summary>Represents a guarded mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GuardSlot
{
    public nint Start;

    /// <summary>
    /// The length in bytes; 0 if the slot is free. Written last and cleared first, so that the handler never mistakes
    /// one mapping for another.
    /// </summary>
    public nuint Length;

    /// <summary>How often the handler covered a part of the mapping.</summary>
    public int Hits;

    /// <summary>
    /// The number of faults that are only retried, because they happened before the memory was mapped again.
    /// </summary>
    public int Grace;

    private readonly long _spare;
}
