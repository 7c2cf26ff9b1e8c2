using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Places the declarations of a device model in configuration space: the header, the BARs, and the lists of
/// capabilities.
/// </summary>
internal sealed class ConfigLayout
{
    // Addresses as the firmware of a PC assigns them. Nothing decodes them; a driver only sees that they are set.
    private ulong _nextMemory = 0xc000_0000;
    private ulong _nextMemory64 = 0x80_0000_0000;
    private ulong _nextIo = 0xc000;

    private readonly ModelConfigSpace _config;
    private readonly bool[] _isTaken = new bool[4096];
    private int _lastPointer = PciOffsets.CapabilityPointer;
    private int _lastExtended;

    public ConfigLayout(ModelConfigSpace config, PciIdentity identity)
    {
        _config = config;
        config.Declare(PciOffsets.VendorId, 2, identity.VendorId);
        config.Declare(PciOffsets.DeviceId, 2, identity.DeviceId);
        config.Declare(
            DeviceConfig.Command, 2, 0,
            (ushort)PciCommand.IoSpace
            | (ushort)PciCommand.MemorySpace
            | (ushort)PciCommand.BusMaster
            | (ushort)PciCommand.SystemErrorEnable
            | (ushort)PciCommand.InterruptDisable);
        config.Declare(PciOffsets.Revision, 4, identity.Revision | (identity.Class.Value << 8));
        config.Declare(PciOffsets.CacheLineSize, 1, 0, writable: 0xff);
        config.Declare(PciOffsets.SubsystemVendorId, 2, identity.SubsystemVendorId);
        config.Declare(PciOffsets.SubsystemId, 2, identity.SubsystemId);
        config.Declare(PciOffsets.InterruptLine, 1, 0, writable: 0xff);
        config.Declare(PciOffsets.InterruptPin, 1, (uint)identity.InterruptPin);
        _isTaken.AsSpan(0, ModelConfigSpace.HeaderLength).Fill(true);
    }

    /// <summary>
    /// Gets the value of the command register at open: the kernel only enables the decoding that the device needs
    /// (pci_enable_device).
    /// </summary>
    public ushort CommandAtOpen { get; private set; }

    public void Add(ModelBar bar)
    {
        ulong address = NextAddress(bar);
        int at = PciOffsets.Bar0 + (4 * (int)bar.Index);
        uint flags = bar.Kind switch
        {
            BarKind.IoPorts => PciOffsets.BarIo,
            BarKind.PrefetchableMemory32 => PciOffsets.BarPrefetchable,
            BarKind.Memory64 => PciOffsets.BarMemory64,
            BarKind.PrefetchableMemory64 => PciOffsets.BarMemory64 | PciOffsets.BarPrefetchable,
            _ => 0,
        };
        // The bits below the length are fixed: a driver finds the length by writing ones and reading back.
        ulong mask = ~(bar.Length - 1);
        _config.Declare(at, 4, (uint)address | flags, (uint)mask);
        if (bar.Is64Bit)
        {
            _config.Declare(at + 4, 4, (uint)(address >> 32), (uint)(mask >> 32));
        }

        CommandAtOpen |= bar.IsIo ? (ushort)PciCommand.IoSpace : (ushort)PciCommand.MemorySpace;
    }

    public void Add(RomImage rom)
    {
        _config.Declare(
            PciOffsets.Rom, 4, (uint)Next(ref _nextMemory, rom.Length), ~(uint)(rom.Length - 1) | PciOffsets.RomEnable);
        CommandAtOpen |= (ushort)PciCommand.MemorySpace;
    }

    public void Add(ModelCapability capability)
    {
        if (capability is ExpressCapability)
        {
            _config.Extend();
        }

        int least = capability.IsExtended ? PciOffsets.FirstExtendedCapability : PciOffsets.FirstCapability;
        int start = capability.IsExtended && _lastExtended == 0
            ? PciOffsets.FirstExtendedCapability
            : capability.Offset ?? FindFree(least, capability);
        int end = capability.IsExtended ? 4096 : 256;
        if (start < least || start > end - capability.Length || (capability.Offset is int wanted && wanted != start))
        {
            throw new ArgumentException(capability.IsExtended
                ? "the first extended capability must be at 0x100, and the others after it, within 4096 bytes"
                : $"a capability of {capability.Length} bytes does not fit at 0x{start:x}", nameof(capability));
        }

        if (capability.IsExtended && _config.Length != 4096)
        {
            throw new ArgumentException(
                "extended capabilities need a PCI Express capability, which must be added first", nameof(capability));
        }

        Take(start, capability.Length);
        capability.Place(_config, start);
        if (capability.IsExtended)
        {
            Link(ref _lastExtended, start);
        }
        else
        {
            _config.Declare(_lastPointer, 1, (uint)start);
            _config.Declare(start + 1, 1, 0);
            _lastPointer = start + 1;
            _config.Declare(PciOffsets.Status, 2, PciOffsets.StatusCapabilities);
        }
    }

    /// <summary>Reserves bytes, which must be free.</summary>
    public void Take(int offset, int length)
    {
        if (offset < 0 || offset > _config.Length - length || _isTaken.AsSpan(offset, length).Contains(true))
        {
            throw new ArgumentException(
                $"{length} bytes at 0x{offset:x} of configuration space are not free", nameof(offset));
        }

        _isTaken.AsSpan(offset, length).Fill(true);
    }

    // The upper 12 bits of an extended capability's header point to the next one.
    private void Link(ref int last, int start)
    {
        if (last != 0)
        {
            _config.Declare(last, 4, (_config.DwordAt(last) & 0x000f_ffff) | ((uint)start << 20));
        }

        last = start;
    }

    private int FindFree(int least, ModelCapability capability)
    {
        int end = capability.IsExtended ? 4096 : 256;
        int start = least;
        while (start <= end - capability.Length && _isTaken.AsSpan(start, capability.Length).Contains(true))
        {
            start += 4;
        }

        return start;
    }

    private ulong NextAddress(ModelBar bar) => bar.Kind switch
    {
        BarKind.IoPorts => Next(ref _nextIo, bar.Length),
        BarKind.Memory64 or BarKind.PrefetchableMemory64 => Next(ref _nextMemory64, bar.Length),
        _ => Next(ref _nextMemory, bar.Length),
    };

    // Addresses are aligned to the length. Several very large BARs may exceed 4 GiB; the register then keeps the lower
    // bits.
    private static ulong Next(ref ulong next, ulong length)
    {
        ulong address = (next + length - 1) & ~(length - 1);
        next = address + length;
        return address;
    }
}
