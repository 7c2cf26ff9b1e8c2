using System.Buffers.Binary;

namespace Vfio.Pci;

/// <summary>
/// Reads one capability from an image, and collects what its decoder finds. Never reads outside the image: a register
/// that extends beyond it is left out, and <see cref="IsTruncated"/> is set.
/// </summary>
internal sealed class CapabilityReader(byte[] config, int offset, int expressType, int linkWidth = 0)
{
    // Counts in capabilities are at most 255; more repetitions than this are ignored.
    private const int MostRegisters = 1200;

    private readonly List<RegisterReading> _registers = [];
    private readonly List<PciDerivedValue> _derived = [];

    internal IReadOnlyList<RegisterReading> Registers => _registers.AsReadOnly();

    internal IReadOnlyList<PciDerivedValue> Derived => _derived.AsReadOnly();

    internal bool IsTruncated { get; private set; }

    /// <summary>Gets or sets the text after the name in the first line.</summary>
    internal string? Summary { get; set; }

    /// <summary>
    /// Gets or sets the port type of the Express capability that was read before; -1 if there was none.
    /// </summary>
    internal int ExpressType { get; set; } = expressType;

    /// <summary>
    /// Gets or sets how many lanes the link can have, by the Express capability; 0 if there was none.
    /// </summary>
    internal int LinkWidth { get; set; } = linkWidth;

    internal int Offset => offset;

    internal ushort VendorId => BinaryPrimitives.ReadUInt16LittleEndian(config);

    internal ushort DeviceId => BinaryPrimitives.ReadUInt16LittleEndian(config.AsSpan(2));

    internal int HeaderType => config[0x0e] & 0x7f;

    /// <summary>Gets whether the image contains these bytes of the capability.</summary>
    internal bool Has(int at, int length) => offset + at + length <= config.Length;

    internal byte Byte(int at) => Has(at, 1) ? config[offset + at] : (byte)0;

    internal ushort Word(int at) =>
        Has(at, 2) ? BinaryPrimitives.ReadUInt16LittleEndian(config.AsSpan(offset + at)) : (ushort)0;

    internal uint DoubleWord(int at) =>
        Has(at, 4) ? BinaryPrimitives.ReadUInt32LittleEndian(config.AsSpan(offset + at)) : 0;

    internal ulong QuadWord(int at) => ((ulong)DoubleWord(at + 4) << 32) | DoubleWord(at);

    /// <summary>Extracts the value of a bit field.</summary>
    internal static uint Bits(uint value, int lowBit, int bitCount) => (value >> lowBit) & ((1u << bitCount) - 1);

    /// <summary>Reads the registers of a table.</summary>
    /// <param name="table">The registers, at their offsets from the capability's start.</param>
    /// <param name="shift">What to add to the offsets, if the table describes one entry of several.</param>
    /// <param name="suffix">What to add to the names in that case.</param>
    internal void Read(IReadOnlyList<RegisterDescription> table, int shift = 0, string suffix = "")
    {
        foreach (RegisterDescription register in table)
        {
            Read(register, shift, suffix);
        }
    }

    internal void Read(RegisterDescription register, int shift = 0, string suffix = "")
    {
        int at = (int)register.Offset + shift;
        if (!Has(at, register.Width) || _registers.Count == MostRegisters)
        {
            IsTruncated = true;
            return;
        }

        RegisterDescription placed = register with { Offset = (ulong)(offset + at), Name = register.Name + suffix };
        _registers.Add(new RegisterReading(placed, Value(at, register.Width)));
    }

    internal void Derive(string name, string text) => _derived.Add(new PciDerivedValue(name, text));

    /// <summary>Gets <c>+</c> or <c>-</c> for a bit, as in a summary.</summary>
    internal static char Sign(uint value, int bit) => (value >> bit & 1) != 0 ? '+' : '-';

    private ulong Value(int at, int width) => width switch
    {
        1 => Byte(at),
        2 => Word(at),
        4 => DoubleWord(at),
        _ => QuadWord(at),
    };
}
