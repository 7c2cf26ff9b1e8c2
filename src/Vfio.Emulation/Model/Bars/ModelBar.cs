using System.Numerics;
using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>A BAR of a model: registers behind handlers, and memory in some parts of it.</summary>
/// <remarks>Made by <see cref="DeviceModel.AddBar"/>; the model owns it.</remarks>
public sealed class ModelBar
{
    private readonly DeviceModel _model;
    private readonly RegisterReadHandler _read;
    private readonly RegisterWriteHandler _write;
    private ModelMemory[] _memories = [];
    private MsixTable? _msix;

    internal ModelBar(
        DeviceModel model, RegionIndex index, ulong length, BarKind kind, RegisterReadHandler read, RegisterWriteHandler write)
    {
        Check(index, length, kind);
        _model = model;
        _read = read;
        _write = write;
        Index = index;
        Length = length;
        Kind = kind;
        Info = Describe();
    }

    /// <summary>Which BAR it is.</summary>
    public RegionIndex Index { get; }

    /// <summary>Bytes; a power of two.</summary>
    public ulong Length { get; }

    /// <summary>What kind of BAR it is.</summary>
    public BarKind Kind { get; }

    internal bool IsIo => Kind == BarKind.IoPorts;

    internal bool Is64Bit => Kind is BarKind.Memory64 or BarKind.PrefetchableMemory64;

    internal RegionInfo Info { get; private set; }

    /// <summary>Puts memory into a part of the BAR, instead of the handlers. A driver maps it where it is whole pages.</summary>
    /// <param name="offset">Bytes from the BAR's start; a multiple of 8.</param>
    /// <param name="length">Bytes; a multiple of 8, more than 0.</param>
    /// <returns>The memory, as the model sees it.</returns>
    /// <exception cref="ArgumentException">Outside the BAR, not aligned, over other memory or an MSI-X table, or in an I/O BAR.</exception>
    /// <exception cref="InvalidOperationException">The model has been opened already.</exception>
    public ModelMemory AddMemory(ulong offset, ulong length)
    {
        _model.CheckDeclaring();
        if (IsIo)
        {
            throw new ArgumentException($"{Index} has I/O ports, which are no memory", nameof(offset));
        }

        CheckFree(offset, length);
        ModelMemory memory = new($"vfio-model {Index}", offset, length);
        _memories = [.. _memories, memory];
        _model.Own(memory);
        Info = Describe();
        return memory;
    }

    internal void AddMsix(MsixTable msix)
    {
        CheckFree(msix.TableOffset, msix.TableLength);
        CheckFree(msix.PendingOffset, msix.PendingLength);
        _msix = msix;
    }

    internal bool HasMsixTableAt(ulong offset, int width) => _msix is MsixTable msix && offset < msix.TableOffset + msix.TableLength && msix.TableOffset < offset + (uint)width;

    internal void CheckFree(ulong offset, ulong length)
    {
        if (length == 0 || length > Length || offset > Length - length || (offset | length) % 8 != 0)
        {
            throw new ArgumentException($"0x{length:x} bytes at 0x{offset:x} are no part of {Index}, which has 0x{Length:x}", nameof(offset));
        }

        bool overlaps = Array.Exists(_memories, memory => offset < memory.Offset + memory.Length && memory.Offset < offset + length)
            || (_msix is MsixTable msix && msix.Overlaps(offset, length));
        if (overlaps)
        {
            throw new ArgumentException($"0x{length:x} bytes at 0x{offset:x} of {Index} are taken already", nameof(offset));
        }
    }

    /// <summary>The memory that may be mapped there.</summary>
    internal ModelMemory? FindMappable(MappableArea area)
    {
        foreach (ModelMemory memory in _memories)
        {
            if (memory.Area is MappableArea whole && area.Offset >= whole.Offset && area.Length != 0 && area.Length <= whole.Length
                && area.Offset - whole.Offset <= whole.Length - area.Length)
            {
                return memory;
            }
        }

        return null;
    }

    internal ulong Read(ulong offset, int width)
    {
        foreach (ModelMemory memory in _memories)
        {
            if (offset - memory.Offset < memory.Length)
            {
                return memory.Read(offset - memory.Offset, width);
            }
        }

        return _msix is MsixTable msix && msix.Covers(offset) ? msix.Read(offset, width) : _read(offset, width);
    }

    internal void Write(ulong offset, int width, ulong value)
    {
        foreach (ModelMemory memory in _memories)
        {
            if (offset - memory.Offset < memory.Length)
            {
                memory.Write(offset - memory.Offset, width, value);
                return;
            }
        }

        if (_msix is MsixTable msix && msix.Covers(offset))
        {
            msix.Write(offset, width, value);
        }
        else
        {
            _write(offset, width, value);
        }
    }

    // Limits: a 32-bit BAR has at most 2 GiB, I/O ports at most 256 (PCI Local Bus Specification 3.0, section 6.2.5.1), and no host
    // has more than 2^52 bytes of addresses.
    private static void Check(RegionIndex index, ulong length, BarKind kind)
    {
        bool is64Bit = kind is BarKind.Memory64 or BarKind.PrefetchableMemory64;
        if (index is < RegionIndex.Bar0 or > RegionIndex.Bar5 || (is64Bit && index == RegionIndex.Bar5))
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, "a model has BAR0 to BAR5, and a 64-bit BAR takes two");
        }

        (ulong least, ulong most) = kind switch
        {
            BarKind.Memory32 or BarKind.PrefetchableMemory32 => (16ul, 1ul << 31),
            BarKind.Memory64 or BarKind.PrefetchableMemory64 => (16ul, 1ul << 46),
            BarKind.IoPorts => (4ul, 256ul),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no kind of BAR"),
        };
        if (!BitOperations.IsPow2(length) || length < least || length > most)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"a BAR's length is a power of two, here from {least} to {most}");
        }
    }

    private RegionInfo Describe() => new(
        Index, Length, canRead: true, canWrite: true,
        [.. _memories.Where(memory => memory.Area is not null).Select(memory => memory.Area!.Value).OrderBy(area => area.Offset)], 0);
}
