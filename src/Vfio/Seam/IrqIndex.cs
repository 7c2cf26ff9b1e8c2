namespace Vfio;

/// <summary>
/// Specifies the interrupt types of a PCI device. The values are those of VFIO (<c>VFIO_PCI_*_IRQ_INDEX</c> in
/// <c>linux/vfio.h</c>).
/// </summary>
public enum IrqIndex
{
    /// <summary>
    /// The interrupt line, which is level-triggered: the kernel masks it with each signal, until the program unmasks
    /// it.
    /// </summary>
    Intx = 0,

    /// <summary>Message signalled interrupts (MSI).</summary>
    Msi = 1,

    /// <summary>Extended message signalled interrupts (MSI-X), with a table of vectors in a BAR.</summary>
    Msix = 2,

    /// <summary>
    /// An error of the bus that was not corrected, reported by the kernel (PCI Express advanced error reporting).
    /// </summary>
    Error = 3,

    /// <summary>
    /// A request of the kernel to close the device, because it is being removed, or unbound from its driver.
    /// </summary>
    Request = 4,
}
