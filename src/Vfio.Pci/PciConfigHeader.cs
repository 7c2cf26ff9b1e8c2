using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Vfio.Pci;

/// <summary>
/// The first 64 bytes of configuration space, which every PCI function has at the same offsets (PCI Express Base
/// Specification 6.0, section 7.5.1). Pure: it only interprets bytes.
/// </summary>
/// <remarks>
/// The bytes come from hardware and are not trusted: every field is as read. All ones mean that no device answers.
/// </remarks>
public sealed class PciConfigHeader
{
    /// <summary>The header's length in bytes.</summary>
    public const int Length = 64;

    private const byte MultiFunctionFlag = 0x80;
    private const byte BridgeType = 1;
    private readonly byte[] _bytes;

    private PciConfigHeader(ReadOnlySpan<byte> bytes) => _bytes = bytes[..Length].ToArray();

    /// <summary>Gets the vendor ID, offset 00h; FFFFh if no device answers.</summary>
    public ushort VendorId => Word(0x00);

    /// <summary>Gets the device ID, offset 02h.</summary>
    public ushort DeviceId => Word(0x02);

    /// <summary>Gets the command register, offset 04h.</summary>
    public PciCommand Command => (PciCommand)Word(0x04);

    /// <summary>Gets the status register, offset 06h, as read.</summary>
    public ushort Status => Word(0x06);

    /// <summary>Gets the revision, offset 08h.</summary>
    public byte Revision => _bytes[0x08];

    /// <summary>Gets class, subclass and programming interface, offset 09h.</summary>
    public PciClassCode Class => new((uint)(Word(0x0a) << 8 | _bytes[0x09]));

    /// <summary>
    /// Gets the layout of offsets 10h to 3Fh: 0 for an endpoint, 1 for a PCI-to-PCI bridge or port, 2 for a CardBus
    /// bridge. Offset 0Eh, bits 6:0.
    /// </summary>
    public byte HeaderType => (byte)(_bytes[0x0e] & ~MultiFunctionFlag);

    /// <summary>Gets whether the device has several functions. Offset 0Eh, bit 7.</summary>
    public bool IsMultiFunction => (_bytes[0x0e] & MultiFunctionFlag) != 0;

    /// <summary>Gets whether no device answers, because it is absent or was removed.</summary>
    public bool IsAbsent => VendorId == 0xffff;

    /// <summary>Gets the subsystem vendor ID, offset 2Ch; 0 if the header is not of type 0.</summary>
    public ushort SubsystemVendorId => HeaderType == 0 ? Word(0x2c) : (ushort)0;

    /// <summary>Gets the subsystem ID, offset 2Eh; 0 if the header is not of type 0.</summary>
    public ushort SubsystemId => HeaderType == 0 ? Word(0x2e) : (ushort)0;

    /// <summary>
    /// Gets the offset of the first capability, offset 34h; 0 for none (status bit 4). The two lowest bits are
    /// reserved and cleared.
    /// </summary>
    public byte CapabilitiesPointer => (Status & 0x10) != 0 ? (byte)(_bytes[0x34] & ~3) : (byte)0;

    /// <summary>Gets the interrupt line recorded by the firmware, offset 3Ch.</summary>
    public byte InterruptLine => _bytes[0x3c];

    /// <summary>Gets the interrupt pin, offset 3Dh: 0 for none, 1 to 4 for INTA to INTD.</summary>
    public byte InterruptPin => _bytes[0x3d];

    /// <summary>
    /// Gets the base address registers, offset 10h: six for an endpoint, two for a bridge. The upper half of a 64-bit
    /// one is not listed separately. The header does not say how large the regions are, nor whether a register with the
    /// value zero is implemented; the kernel does (<c>RegionInfo</c>).
    /// </summary>
    public IReadOnlyList<PciBaseAddress> BaseAddresses => ReadBaseAddresses();

    /// <summary>Parses a header. Does not throw if there are too few bytes.</summary>
    /// <param name="config">Configuration space from offset 0; bytes beyond the first 64 are ignored.</param>
    /// <param name="header">The header.</param>
    /// <returns>Whether there were 64 bytes.</returns>
    public static bool TryParse(ReadOnlySpan<byte> config, [NotNullWhen(true)] out PciConfigHeader? header)
    {
        header = config.Length >= Length ? new PciConfigHeader(config) : null;
        return header is not null;
    }

    /// <summary>Parses a header.</summary>
    /// <param name="config">Configuration space from offset 0; bytes beyond the first 64 are ignored.</param>
    /// <returns>The header.</returns>
    /// <exception cref="FormatException">There are fewer than 64 bytes.</exception>
    public static PciConfigHeader Parse(ReadOnlySpan<byte> config) => TryParse(config, out PciConfigHeader? header)
        ? header
        : throw new FormatException($"a configuration header has {Length} bytes, but only {config.Length} were given");

    private ushort Word(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset));

    private uint DoubleWord(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset));

    // Bit 0 means I/O space. Bits 2:1 = 10b mean 64 bits, with the upper half in the next register. Bit 3 means
    // prefetchable (section 7.5.1.2.1).
    private List<PciBaseAddress> ReadBaseAddresses()
    {
        int count = HeaderType switch { 0 => 6, BridgeType => 2, _ => 0 };
        List<PciBaseAddress> addresses = [];
        for (int i = 0; i < count; i++)
        {
            uint low = DoubleWord(0x10 + (4 * i));
            bool isWide = (low & 0b111) == 0b100 && i + 1 < count;
            ulong high = isWide ? DoubleWord(0x14 + (4 * i)) : 0;
            addresses.Add((low & 1) != 0
                ? new PciBaseAddress((RegionIndex)i, PciBaseAddressKind.Io, low & ~3u, isPrefetchable: false)
                : new PciBaseAddress(
                    (RegionIndex)i,
                    isWide ? PciBaseAddressKind.Memory64 : PciBaseAddressKind.Memory32,
                    (high << 32) | (low & ~0xfu),
                    (low & 8) != 0));
            i += isWide ? 1 : 0;
        }

        return addresses;
    }
}

/// <summary>The value of a base address register.</summary>
public readonly record struct PciBaseAddress
{
    /// <summary>Creates a value.</summary>
    /// <param name="index">The region that it locates.</param>
    /// <param name="kind">The kind of address space.</param>
    /// <param name="address">The bus address; 0 if it is not set or not implemented.</param>
    /// <param name="isPrefetchable">Whether reads have no side effects, according to the device.</param>
    public PciBaseAddress(RegionIndex index, PciBaseAddressKind kind, ulong address, bool isPrefetchable)
    {
        Index = index;
        Kind = kind;
        Address = address;
        IsPrefetchable = isPrefetchable;
    }

    /// <summary>The region that it locates.</summary>
    public RegionIndex Index { get; init; }

    /// <summary>The kind of address space.</summary>
    public PciBaseAddressKind Kind { get; init; }

    /// <summary>The bus address; 0 if it is not set or not implemented.</summary>
    public ulong Address { get; init; }

    /// <summary>Gets whether reads have no side effects, according to the device.</summary>
    public bool IsPrefetchable { get; init; }
}

/// <summary>The kind of address space of a base address register.</summary>
public enum PciBaseAddressKind
{
    /// <summary>Memory below 4 GiB.</summary>
    Memory32,

    /// <summary>Memory at any address; uses two registers.</summary>
    Memory64,

    /// <summary>I/O ports.</summary>
    Io,
}

/// <summary>The bits of the command register (PCI Express Base Specification 6.0, section 7.5.1.1.3).</summary>
[Flags]
public enum PciCommand : ushort
{
    /// <summary>No bit is set: the device answers only to configuration accesses.</summary>
    None = 0,

    /// <summary>Bit 0: the device answers to I/O ports.</summary>
    IoSpace = 1 << 0,

    /// <summary>Bit 1: the device answers to memory accesses.</summary>
    MemorySpace = 1 << 1,

    /// <summary>Bit 2: bus mastering is enabled, so the device may read and write memory, and send MSIs.</summary>
    BusMaster = 1 << 2,

    /// <summary>Bit 6: the device reports parity errors.</summary>
    ParityErrorResponse = 1 << 6,

    /// <summary>Bit 8: the device reports system errors.</summary>
    SystemErrorEnable = 1 << 8,

    /// <summary>Bit 10: the device does not use its interrupt pin.</summary>
    InterruptDisable = 1 << 10,
}
