using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// Orders accesses of memory that devices access too, for the places where <see cref="DmaMemory.Read{T}(nuint)"/>,
/// <see cref="DmaMemory.Write{T}(nuint, T)"/> and accesses of a <see cref="Region"/>, which order by themselves, do not
/// suffice. <c>docs/concepts.md</c> has the rules.
/// </summary>
/// <remarks>
/// On x86-64, <see cref="Write"/> and <see cref="Read"/> only restrain the compiler, because the processor keeps loads
/// in order with loads, and stores with stores. On arm64 all three are the strongest barrier that .NET has (among
/// processors: <c>dmb ish</c>); whether it orders accesses as a device sees them is not proved.
/// </remarks>
public static class DmaBarrier
{
    /// <summary>
    /// Stores before this are visible before stores after it. One of these can follow many
    /// <see cref="DmaMemory.WriteRelaxed{T}(nuint, T)"/>, before an index or a valid bit that is written relaxed too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write()
    {
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            Volatile.WriteBarrier();
        }
        else
        {
            Interlocked.MemoryBarrier();
        }
    }

    /// <summary>
    /// Loads before this are done before loads after it: between a completion that was seen through a span, and the
    /// data.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read()
    {
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            Volatile.ReadBarrier();
        }
        else
        {
            Interlocked.MemoryBarrier();
        }
    }

    /// <summary>
    /// Everything before this is done before everything after it, also a store before a later load: between an index
    /// that is written and a look at whether the device sleeps. Costs about as much as a locked instruction.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Full() => Interlocked.MemoryBarrier();
}
