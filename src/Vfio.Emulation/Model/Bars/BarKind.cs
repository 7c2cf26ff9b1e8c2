namespace Vfio.Emulation;

/// <summary>What kind of base address register a BAR has (PCI Express Base Specification 6.0, section 7.5.1.2.1).</summary>
public enum BarKind
{
    /// <summary>Memory, below 4 GiB, reads may have side effects. What registers usually are.</summary>
    Memory32 = 0,

    /// <summary>Memory, below 4 GiB, prefetchable.</summary>
    PrefetchableMemory32 = 1,

    /// <summary>Memory, anywhere. Takes the next BAR's register too.</summary>
    Memory64 = 2,

    /// <summary>Memory, anywhere, prefetchable. Takes the next BAR's register too.</summary>
    PrefetchableMemory64 = 3,

    /// <summary>I/O ports; never mapped. At most 256 of them.</summary>
    IoPorts = 4,
}
