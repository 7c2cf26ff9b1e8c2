using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Represents a parsed line of the shell: places are resolved, numbers are parsed, and everything is checked that needs
/// no device.
/// </summary>
internal abstract record ShellOperation
{
    /// <summary><c>read PLACE</c>.</summary>
    public sealed record Read(RegisterPlace Place, int Count) : ShellOperation;

    /// <summary><c>write PLACE VALUE</c>.</summary>
    public sealed record Write(RegisterPlace Place, ulong Value) : ShellOperation;

    /// <summary><c>set PLACE BIT</c> and <c>clear PLACE BIT</c>.</summary>
    public sealed record Change(RegisterPlace Place, ulong Mask, bool IsSet) : ShellOperation;

    /// <summary><c>wait PLACE MASK VALUE TIMEOUT</c>.</summary>
    public sealed record Wait(RegisterPlace Place, WaitCondition Condition) : ShellOperation;

    /// <summary><c>dump REGION [FILE]</c>.</summary>
    public sealed record Dump(RegionIndex Region, int Bits, string? File, bool All) : ShellOperation;

    /// <summary><c>record FILE</c>; without a file, <c>record off</c>.</summary>
    public sealed record Record(string? File) : ShellOperation;

    /// <summary><c>status</c>.</summary>
    public sealed record Status : ShellOperation;

    /// <summary><c>alloc LENGTH</c>, with its options.</summary>
    public sealed record Allocate(ulong Length, DmaAccess Access, Iova? At, int? AddressBits) : ShellOperation;

    /// <summary><c>free IOVA</c>.</summary>
    public sealed record Free(Iova Iova) : ShellOperation;

    /// <summary><c>peek IOVA [COUNT]</c>.</summary>
    public sealed record Peek(Iova Iova, int Bits, int Count) : ShellOperation;

    /// <summary><c>poke IOVA VALUE</c>.</summary>
    public sealed record Poke(Iova Iova, int Bits, ulong Value) : ShellOperation;

    /// <summary><c>reset</c>.</summary>
    public sealed record Reset : ShellOperation;

    /// <summary><c>undo</c>.</summary>
    public sealed record Undo : ShellOperation;

    /// <summary><c>help</c>.</summary>
    public sealed record Help : ShellOperation;

    /// <summary><c>quit</c>.</summary>
    public sealed record Quit : ShellOperation;
}
