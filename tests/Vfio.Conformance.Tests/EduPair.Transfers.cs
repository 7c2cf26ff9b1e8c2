using Vfio.Emulation;

namespace Vfio.Conformance.Tests;

// Transfers of both devices, each with its own memory at the same addresses.
internal sealed partial class EduPair
{
    private const int Page = 4096;
    private const ulong Memory = 0x100000;
    private const int Pages = 7; // from there on: as Places says, and nothing in the rest
    private const int Coming = 3; // the place that is mapped and unmapped repeatedly

    private static readonly (int Page, int Count, DmaAccess Access)[] Places =
        [(0, 2, DmaAccess.ReadWrite), (2, 1, DmaAccess.Read), (3, 1, DmaAccess.Write), (4, 1, DmaAccess.ReadWrite)];

    private readonly DmaBuffer?[][] _memory = [new DmaBuffer?[Places.Length], new DmaBuffer?[Places.Length]];

    /// <summary>Counts the bytes that the transfers requested, including forbidden ones.</summary>
    public int BytesMoved { get; private set; }

    /// <summary>
    /// Performs a transfer between a place in the device's buffer and any place in memory, allowed or not, but never
    /// beyond the buffer, because QEMU's device would then overwrite QEMU's memory. Afterwards both must have the same
    /// memory.
    /// </summary>
    public void Transfer(Random random, int number)
    {
        bool isOnBus = random.Next(8) != 0;
        Array.ForEach(
            _config, config => config.WriteUInt16(Command, (ushort)(Quiet | MemorySpace | (isOnBus ? BusMaster : 0))));
        ChangeMemory(random);
        bool fromDevice = random.Next(2) == 0;
        int count = random.Next(4) switch { 0 => random.Next(17), 1 => Page, _ => random.Next(Page + 1) };
        ulong inside = EduRegisters.BufferAddress + (ulong)random.Next(Page - count + 1);
        ulong outside = Memory + (ulong)random.Next(Pages * Page);
        outside = random.Next(2) == 0 ? outside & ~(ulong)(Page - 1) : outside;
        outside |= random.Next(8) == 0 ? (ulong)random.Next() << 28 : 0; // beyond its address width
        string place = $"{number}: {count} bytes from "
            + $"{(fromDevice ? $"0x{inside:x} to 0x{outside:x}" : $"0x{outside:x} to 0x{inside:x}")}"
            + $"{(isOnBus ? "" : ", off the bus")}";
        ulong command = 1 | (fromDevice ? 2ul : 0) | (random.Next(2) == 0 ? 4ul : 0);
        Access(_mapped, place, isWrite: true, 0x80, 8, fromDevice ? inside : outside);
        Access(_mapped, place, isWrite: true, 0x88, 8, fromDevice ? outside : inside);
        Access(_mapped, place, isWrite: true, 0x90, 8, (ulong)count);
        // Not compared yet: on a busy host one device may be done, and have sent its interrupt, before the other has
        // started.
        Access(_mapped, place, isWrite: true, 0x98, 8, command, interrupts: false);
        Assert.All(_mapped, region => Assert.True(SpinWait.SpinUntil(() => IsIdle(region), Patience)));
        CompareInterrupts(place);
        Access(_mapped, place, isWrite: false, 0x98, 8, 0);
        Access(_trapped, place, isWrite: false, 0x24, 4, 0);
        BytesMoved += count;
        for (int i = 0; i < Places.Length; i++)
        {
            CompareMemory(place, i);
        }
    }

    private void GiveMemory(int device)
    {
        for (int i = 0; i < Places.Length; i++)
        {
            Map(device, i, seed: i);
        }
    }

    private void Map(int device, int place, int seed)
    {
        (int page, int count, DmaAccess access) = Places[place];
        if (access == DmaAccess.Write && kernel.LetsWritersRead is not null)
        {
            // for both: with this kernel, the device could read memory that the device model may not
            access = DmaAccess.ReadWrite;
        }

        DmaBuffer buffer = _devices[device].AddressSpace.Allocate(
            (ulong)(count * Page),
            new DmaBufferOptions { At = new Iova(Memory + (ulong)(page * Page)), Access = access });
        new Random(seed).NextBytes(buffer.Span);
        _memory[device][place] = buffer;
    }

    private void ChangeMemory(Random random)
    {
        int seed = random.Next();
        bool comesOrGoes = random.Next(4) == 0;
        for (int device = 0; device < 2; device++)
        {
            new Random(seed).NextBytes(_memory[device][seed % Coming]!.Span);
            if (comesOrGoes && _memory[device][Coming] is DmaBuffer there)
            {
                there.Dispose();
                _memory[device][Coming] = null;
            }
            else if (comesOrGoes)
            {
                Map(device, Coming, seed);
            }
        }
    }

    private void CompareMemory(string place, int index)
    {
        if (_memory[0][index] is not DmaBuffer ours || _memory[1][index] is not DmaBuffer theirs)
        {
            return;
        }

        int same = ours.Span.CommonPrefixLength(theirs.Span);
        Assert.True(
            same == ours.Span.Length,
            $"{place}: at {ours.Iova + (ulong)same} QEMU's edu leaves "
            + $"0x{(same < theirs.Span.Length ? theirs.Span[same] : 0):x2}, the model "
            + $"0x{(same < ours.Span.Length ? ours.Span[same] : 0):x2}");
    }
}
