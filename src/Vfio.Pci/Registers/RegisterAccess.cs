namespace Vfio.Pci;

/// <summary>What reading and writing a register does, as its specification says.</summary>
public enum RegisterAccess
{
    /// <summary>What is written is read back; reading changes nothing.</summary>
    ReadWrite,

    /// <summary>Writes do nothing.</summary>
    ReadOnly,

    /// <summary>Reads mean nothing, or are not allowed: a doorbell, for example.</summary>
    WriteOnly,

    /// <summary>Reading changes it: a counter or a cause that reading clears, a FIFO.</summary>
    ReadHasSideEffects,

    /// <summary>Writing a bit as 1 clears it; 0 leaves it.</summary>
    WriteOneToClear,

    /// <summary>Writing a bit as 1 sets it; 0 leaves it. Another register clears it.</summary>
    WriteOneToSet,

    /// <summary>Writing makes the device do something, so that writing the value of before does not undo it; reading changes nothing.</summary>
    WriteHasSideEffects,
}
