namespace Vfio.Pci;

/// <summary>
/// The regions of a PCI device, with VFIO's numbers (<c>VFIO_PCI_*_REGION_INDEX</c> in <c>linux/vfio.h</c>).
/// </summary>
public enum RegionIndex
{
    /// <summary>Base address register 0.</summary>
    Bar0 = 0,

    /// <summary>Base address register 1; not implemented if BAR0 is 64 bits wide.</summary>
    Bar1 = 1,

    /// <summary>Base address register 2.</summary>
    Bar2 = 2,

    /// <summary>Base address register 3; not implemented if BAR2 is 64 bits wide.</summary>
    Bar3 = 3,

    /// <summary>Base address register 4.</summary>
    Bar4 = 4,

    /// <summary>Base address register 5; not implemented if BAR4 is 64 bits wide.</summary>
    Bar5 = 5,

    /// <summary>The expansion ROM; read only.</summary>
    Rom = 6,

    /// <summary>Configuration space, partly virtualized by the kernel.</summary>
    Config = 7,

    /// <summary>The legacy VGA ranges, on a VGA device whose kernel offers them.</summary>
    Vga = 8,
}
