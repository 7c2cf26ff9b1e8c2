using System.Buffers.Binary;

namespace Vfio.Pci;

/// <summary>
/// Reads one capability out of an image, and collects what its decoder finds. Nothing outside the image is read: a register
/// that reaches beyond it is left out, and <see cref="IsTruncated"/> says so.
/// </summary>
internal sealed class CapabilityReader(byte[] config, int offset, int expressType, int linkWidth = 0)
{
    // Counts in capabilities are at most 255; what a device repeats more often is not believed.
    private const int MostRegisters = 1200;

    private readonly List<RegisterReading> _registers = [];
    private readonly List<PciDerivedValue> _derived = [];

    internal IReadOnlyList<RegisterReading> Registers => _registers.AsReadOnly();

    internal IReadOnlyList<PciDerivedValue> Derived => _derived.AsReadOnly();

    internal bool IsTruncated { get; private set; }

    /// <summary>What the first line says behind the name.</summary>
    internal string? Summary { get; set; }

    /// <summary>The port type of the Express capability that was met before; -1 where there was none.</summary>
    internal int ExpressType { get; set; } = expressType;

    /// <summary>How many lanes the link can have, as the Express capability said; 0 where there was none.</summary>
    internal int LinkWidth { get; set; } = linkWidth;

    internal int Offset => offset;

    internal ushort VendorId => BinaryPrimitives.ReadUInt16LittleEndian(config);

    internal ushort DeviceId => BinaryPrimitives.ReadUInt16LittleEndian(config.AsSpan(2));

    internal int HeaderType => config[0x0e] & 0x7f;

    /// <summary>Whether the image has these bytes of the capability.</summary>
    internal bool Has(int at, int length) => offset + at + length <= config.Length;

    internal byte Byte(int at) => Has(at, 1) ? config[offset + at] : (byte)0;

    internal ushort Word(int at) => Has(at, 2) ? BinaryPrimitives.ReadUInt16LittleEndian(config.AsSpan(offset + at)) : (ushort)0;

    internal uint DoubleWord(int at) => Has(at, 4) ? BinaryPrimitives.ReadUInt32LittleEndian(config.AsSpan(offset + at)) : 0;

    internal ulong QuadWord(int at) => ((ulong)DoubleWord(at + 4) << 32) | DoubleWord(at);

    /// <summary>A field's number, in a table's register.</summary>
    internal static uint Bits(uint value, int lowBit, int bitCount) => (value >> lowBit) & ((1u << bitCount) - 1);

    /// <summary>Reads the registers of a table.</summary>
    /// <param name="table">The registers, at their offsets from the capability's start.</param>
    /// <param name="shift">What to add to these, where the table describes one entry of several.</param>
    /// <param name="suffix">What to add to the names, likewise.</param>
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

    /// <summary><c>+</c> or <c>-</c> for a bit, as in a summary.</summary>
    internal static char Sign(uint value, int bit) => (value >> bit & 1) != 0 ? '+' : '-';

    private ulong Value(int at, int width) => width switch
    {
        1 => Byte(at),
        2 => Word(at),
        4 => DoubleWord(at),
        _ => QuadWord(at),
    };
}
