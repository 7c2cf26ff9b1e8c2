namespace Vfio;

/// <summary>
/// The ways in which a PCI device interrupts, numbered as VFIO numbers them (<c>VFIO_PCI_*_IRQ_INDEX</c> in
/// <c>linux/vfio.h</c>).
/// </summary>
public enum IrqIndex
{
    /// <summary>
    /// The line of the conventional bus, a level: the kernel masks it with each signal until the program unmasks it.
    /// </summary>
    Intx = 0,

    /// <summary>Message signalled interrupts.</summary>
    Msi = 1,

    /// <summary>Message signalled interrupts of the extended kind, with a table of vectors in a BAR.</summary>
    Msix = 2,

    /// <summary>
    /// The kernel reports an error of the bus that it did not correct (PCI Express advanced error reporting).
    /// </summary>
    Error = 3,

    /// <summary>The kernel asks for the device back: it is being removed, or its driver is being unbound.</summary>
    Request = 4,
}
