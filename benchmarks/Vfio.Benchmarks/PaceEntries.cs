using System.Runtime.InteropServices;

namespace Vfio.Benchmarks;

/// <summary>Represents a command as NVMe has it: what a driver puts into a submission ring.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct PaceCommand
{
    public byte Opcode { get; init; }

    public byte Flags { get; init; }

    public ushort Id { get; init; }

    public uint NamespaceId { get; init; }

    public ulong Reserved { get; init; }

    public ulong Metadata { get; init; }

    public ulong Prp1 { get; init; }

    public ulong Prp2 { get; init; }

    public ulong StartBlock { get; init; }

    public ushort BlockCount { get; init; }

    public ushort Control { get; init; }

    public uint Dataset { get; init; }

    public uint Reference { get; init; }

    public ushort Tag { get; init; }

    public ushort TagMask { get; init; }
}

/// <summary>Represents a completion as NVMe has it. The lowest bit of the status is the phase.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct PaceCompletion
{
    public const int StatusOffset = 14;

    public uint Result { get; init; }

    public uint Reserved { get; init; }

    public ushort QueueHead { get; init; }

    public ushort QueueId { get; init; }

    public ushort Id { get; init; }

    public ushort Status { get; init; }
}
