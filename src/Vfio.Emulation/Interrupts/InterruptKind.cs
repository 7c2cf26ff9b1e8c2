namespace Vfio.Emulation;

/// <summary>The ways to interrupt, numbered as VFIO numbers them (<c>VFIO_PCI_*_IRQ_INDEX</c>).</summary>
internal enum InterruptKind
{
    Intx = 0,
    Msi = 1,
    Msix = 2,
    Error = 3,
    Request = 4,
}
