using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vfio.Benchmarks;

/// <summary>
/// Represents a pair of rings as an NVMe driver has it, on a device that a loop stands in for
/// (<see cref="CompleteLap"/>). <c>benchmarks/baseline/pace.c</c> has the same in C.
/// </summary>
internal sealed class PaceQueue
{
    public const int Entries = 64;
    public const ulong SubmissionDoorbell = 512;
    public const ulong CompletionDoorbell = 516;
    private const int PageLength = 4096;

    private readonly DmaRing<PaceCommand> _submissions;
    private readonly DmaRing<PaceCompletion> _completions;
    private readonly Region _doorbells;
    private int _tail;
    private int _head;
    private int _phase = 1;

    public PaceQueue(DmaRing<PaceCommand> submissions, DmaRing<PaceCompletion> completions, Region doorbells)
    {
        _submissions = submissions;
        _completions = completions;
        _doorbells = doorbells;
        for (int i = 0; i < Entries; i++)
        {
            completions[i] = new PaceCompletion { Result = (uint)i, Id = (ushort)i, Status = 1 };
        }
    }

    /// <summary>Gets the id of the next command, which is its place in the ring.</summary>
    public int NextId => _tail;

    /// <summary>Gets whether the driver has seen all completions of this lap.</summary>
    public bool IsLapOver => _head == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Submit(Iova address, ulong block)
    {
        _submissions[_tail] = Build(_tail, address, block);
        _tail = _tail + 1 == Entries ? 0 : _tail + 1;
        _doorbells.WriteUInt32(SubmissionDoorbell, (uint)_tail);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryComplete(out PaceCompletion completion)
    {
        if ((_completions.Read<ushort>(_head, PaceCompletion.StatusOffset) & 1) != _phase)
        {
            completion = default;
            return false;
        }

        completion = _completions[_head];
        if (completion.Id >= Entries)
        {
            throw new InvalidDataException($"the device completed command {completion.Id}, which does not exist");
        }

        _head++;
        if (_head == Entries)
        {
            _head = 0;
            _phase ^= 1;
        }

        _doorbells.WriteUInt32(CompletionDoorbell, (uint)_head);
        return true;
    }

    /// <summary>Stands in for the device: completes all commands of the next lap.</summary>
    public void CompleteLap()
    {
        const int Stride = 8; // of a completion, in numbers of 2 bytes
        Span<ushort> numbers = MemoryMarshal.Cast<byte, ushort>(_completions.Memory.Span);
        for (int i = 0; i < Entries; i++)
        {
            numbers[(i * Stride) + (PaceCompletion.StatusOffset / sizeof(ushort))] ^= 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PaceCommand Build(int id, Iova address, ulong block) => new()
    {
        Opcode = 2,
        Id = (ushort)id,
        NamespaceId = 1,
        Prp1 = address.Value,
        Prp2 = address.Value + PageLength,
        StartBlock = block,
        BlockCount = 7,
    };
}
