using System.Numerics;
using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>Represents a BAR of a device model: registers that handlers implement, and parts that are memory.</summary>
/// <remarks><see cref="DeviceModel.AddBar"/> creates it; the device model owns it.</remarks>
public sealed class ModelBar
{
    private readonly DeviceModel _model;
    private readonly RegisterReadHandler _read;
    private readonly RegisterWriteHandler _write;
    private ModelMemory[] _memories = [];
    private MsixTable? _msix;

    internal ModelBar(
        DeviceModel model,
        RegionIndex index,
        ulong length,
        BarKind kind,
        RegisterReadHandler read,
        RegisterWriteHandler write)
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

    /// <summary>Gets the region index of the BAR.</summary>
    public RegionIndex Index { get; }

    /// <summary>Gets the length in bytes, a power of two.</summary>
    public ulong Length { get; }

    /// <summary>Gets the kind of the BAR.</summary>
    public BarKind Kind { get; }

    internal bool IsIo => Kind == BarKind.IoPorts;

    internal bool Is64Bit => Kind is BarKind.Memory64 or BarKind.PrefetchableMemory64;

    internal RegionInfo Info { get; private set; }

    /// <summary>
    /// Makes a part of the BAR memory, instead of calling the handlers for it. A driver can map it if it consists of
    /// whole pages.
    /// </summary>
    /// <param name="offset">The offset in bytes from the start of the BAR; a multiple of 8.</param>
    /// <param name="length">The length in bytes; a multiple of 8, greater than 0.</param>
    /// <returns>The memory, as the model sees it.</returns>
    /// <exception cref="ArgumentException">The part is outside the BAR, not aligned, overlaps other memory or an MSI-X
    /// table, or the BAR has I/O ports.</exception>
    /// <exception cref="InvalidOperationException">The device model was already opened.</exception>
    public ModelMemory AddMemory(ulong offset, ulong length)
    {
        _model.CheckDeclaring();
        if (IsIo)
        {
            throw new ArgumentException($"{Index} has I/O ports, which cannot contain memory", nameof(offset));
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
        if (Array.Exists(_memories, memory => memory.Length == Length))
        {
            throw new ArgumentException(
                $"{Index} consists of memory, which a driver can map, and an MSI-X table must not be mapped: declare "
                + "the capability in a BAR with handlers (AddBar), to which memory can be added beside the table "
                + "(ModelBar.AddMemory)",
                nameof(msix));
        }

        CheckFree(msix.TableOffset, msix.TableLength);
        CheckFree(msix.PendingOffset, msix.PendingLength);
        _msix = msix;
    }

    internal bool HasMsixTableAt(ulong offset, int width) => _msix is MsixTable msix
        && offset < msix.TableOffset + msix.TableLength
        && msix.TableOffset < offset + (uint)width;

    internal void CheckFree(ulong offset, ulong length)
    {
        if (length == 0 || length > Length || offset > Length - length || (offset | length) % 8 != 0)
        {
            throw new ArgumentException(
                $"0x{length:x} bytes at 0x{offset:x} are not a valid part of {Index}: offset and length must be "
                + $"multiples of 8, within 0x{Length:x} bytes",
                nameof(offset));
        }

        bool overlaps = Array.Exists(
            _memories, memory => offset < memory.Offset + memory.Length && memory.Offset < offset + length)
            || (_msix is MsixTable msix && msix.Overlaps(offset, length));
        if (overlaps)
        {
            throw new ArgumentException(
                $"0x{length:x} bytes at 0x{offset:x} of {Index} are already in use", nameof(offset));
        }
    }

    /// <summary>Returns the memory that contains a mappable area; <see langword="null"/> if no memory does.</summary>
    internal ModelMemory? FindMappable(MappableArea area)
    {
        foreach (ModelMemory memory in _memories)
        {
            if (memory.Area is MappableArea whole
                && area.Offset >= whole.Offset
                && area.Length != 0
                && area.Length <= whole.Length
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

    // The limits: a 32-bit BAR has at most 2 GiB, and one with I/O ports at most 256 (PCI Local Bus Specification 3.0,
    // section 6.2.5.1). No host has more than 2^52 bytes of address space.
    private static void Check(RegionIndex index, ulong length, BarKind kind)
    {
        bool is64Bit = kind is BarKind.Memory64 or BarKind.PrefetchableMemory64;
        if (index is < RegionIndex.Bar0 or > RegionIndex.Bar5 || (is64Bit && index == RegionIndex.Bar5))
        {
            throw new ArgumentOutOfRangeException(
                nameof(index), index, "a device model has BAR0 to BAR5, and a 64-bit BAR uses two of them");
        }

        (ulong least, ulong most) = kind switch
        {
            BarKind.Memory32 or BarKind.PrefetchableMemory32 => (16ul, 1ul << 31),
            BarKind.Memory64 or BarKind.PrefetchableMemory64 => (16ul, 1ul << 46),
            BarKind.IoPorts => (4ul, 256ul),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind of BAR"),
        };
        if (!BitOperations.IsPow2(length) || length < least || length > most)
        {
            throw new ArgumentOutOfRangeException(
                nameof(length),
                length,
                $"the length of this kind of BAR must be a power of two from {least} to {most}");
        }
    }

    private RegionInfo Describe() => new(
        Index,
        Length,
        canRead: true,
        canWrite: true,
        [.. _memories.Where(memory => memory.Area is not null)
            .Select(memory => memory.Area!.Value)
            .OrderBy(area => area.Offset)],
        0);
}
