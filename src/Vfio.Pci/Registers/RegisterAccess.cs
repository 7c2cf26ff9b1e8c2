namespace Vfio.Pci;

/// <summary>The effect of reading and writing a register, according to its specification.</summary>
public enum RegisterAccess
{
    /// <summary>Reads return what was written, and change nothing.</summary>
    ReadWrite,

    /// <summary>Writes have no effect.</summary>
    ReadOnly,

    /// <summary>Reads are meaningless, or not allowed: a doorbell, for example.</summary>
    WriteOnly,

    /// <summary>Reads change it: a counter or an interrupt cause that is cleared by a read, a FIFO.</summary>
    ReadHasSideEffects,

    /// <summary>Writing 1 to a bit clears it; writing 0 leaves it.</summary>
    WriteOneToClear,

    /// <summary>Writing 1 to a bit sets it; writing 0 leaves it. Another register clears it.</summary>
    WriteOneToSet,

    /// <summary>
    /// Writing makes the device do something, so writing the previous value does not undo it. Reads change nothing.
    /// </summary>
    WriteHasSideEffects,
}
