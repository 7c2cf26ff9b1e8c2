namespace Vfio;

/// <summary>
/// Specifies which atomic operations of PCI Express can be completed in memory, by the width of their operands
/// (<c>VFIO_PCI_ATOMIC_COMP*</c> in <c>linux/vfio.h</c>; PCI Express Base Specification 6.0, section 6.15).
/// </summary>
[Flags]
public enum AtomicCompletions
{
    /// <summary>None, or not reported.</summary>
    None = 0,

    /// <summary>Operands of 32 bits.</summary>
    Bits32 = 1 << 0,

    /// <summary>Operands of 64 bits.</summary>
    Bits64 = 1 << 1,

    /// <summary>Compare and swap of 128 bits.</summary>
    Bits128 = 1 << 2,
}
