namespace Vfio.Emulation;

/// <summary>
/// Specifies the kind of a base address register (PCI Express Base Specification 6.0, section 7.5.1.2.1).
/// </summary>
public enum BarKind
{
    /// <summary>Memory below 4 GiB whose reads may have side effects; the usual kind for registers.</summary>
    Memory32 = 0,

    /// <summary>Prefetchable memory below 4 GiB.</summary>
    PrefetchableMemory32 = 1,

    /// <summary>Memory at any address. It also uses the register of the next BAR.</summary>
    Memory64 = 2,

    /// <summary>Prefetchable memory at any address. It also uses the register of the next BAR.</summary>
    PrefetchableMemory64 = 3,

    /// <summary>I/O ports, at most 256. They cannot be mapped.</summary>
    IoPorts = 4,
}
