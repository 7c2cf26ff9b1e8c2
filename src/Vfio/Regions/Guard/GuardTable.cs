using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// The data that the handler of MemoryGuard.S reads and counts, followed by the slots. Its memory is never freed.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GuardTable
{
    /// <summary>The previous handler: a function, or SIG_DFL or SIG_IGN.</summary>
    public nint Old;

    /// <summary>Descriptor of the file of ones, never closed.</summary>
    public int Ones;

    /// <summary>How many pieces all slots may take.</summary>
    public uint Limit;

    /// <summary>How many they took.</summary>
    public int Taken;

    /// <summary>Threads that are in the handler and may be about to cover something.</summary>
    public int Busy;

    /// <summary>Slots that were ever used.</summary>
    public int Count;

    /// <summary>The kernel's struct sigaction of SIG_DFL: zeroes.</summary>
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

/// <summary>A mapping that is guarded.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GuardSlot
{
    public nint Start;

    /// <summary>
    /// Bytes; 0 if the slot is free. Written last and cleared first, so that the handler never takes one mapping for
    /// another.
    /// </summary>
    public nuint Length;

    /// <summary>How often the handler covered a part of the mapping.</summary>
    public int Hits;

    /// <summary>
    /// So many faults only let the access be made again: they are from before the memory was mapped again.
    /// </summary>
    public int Grace;

    private readonly long _spare;
}
