using System.Runtime.InteropServices;
using Vfio;

namespace My.Card;

/// <summary>Represents a descriptor, which the driver writes and the device reads: 32 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct MyCardDescriptor
{
    /// <summary>The greatest length in bytes.</summary>
    public const int MostLength = 64 * 1024;

    /// <summary>Gets where the device reads.</summary>
    public Iova Source { get; init; }

    /// <summary>Gets where the device writes.</summary>
    public Iova Destination { get; init; }

    /// <summary>Gets how many bytes it copies, 1 to <see cref="MostLength"/>.</summary>
    public uint Length { get; init; }

    /// <summary>Gets the number that the completion will have.</summary>
    public ushort Id { get; init; }

    private readonly ushort _reserved;
    private readonly ulong _reserved2;
}
