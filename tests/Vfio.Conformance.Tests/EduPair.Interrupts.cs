namespace Vfio.Conformance.Tests;

// Interrupts of both devices: by INTx after one open, by MSI after the next. After each access, both must have sent the
// same number.
internal sealed partial class EduPair
{
    private readonly InterruptVector[] _vectors = new InterruptVector[2];
    private int _openings;

    /// <summary>Counts the interrupts that each device sent.</summary>
    public ulong Interrupts { get; private set; }

    // INTx is disabled in the command register while no vector is enabled.
    private ushort Quiet => IsLine ? (ushort)0 : IntxDisable;

    private bool IsLine => _openings % 2 == 1;

    private void EnableInterrupts(int device) =>
        _vectors[device] = _devices[device].Interrupts.Enable(IsLine ? IrqIndex.Intx : IrqIndex.Msi);

    /// <summary>
    /// Compares what both have sent since the last call. The device model has sent its interrupts when the access
    /// returns; an interrupt from the kernel takes a moment.
    /// </summary>
    private void CompareInterrupts(string place)
    {
        ulong expected = _vectors[0].ReadAndClear();
        ulong found = 0;
        while (found < expected)
        {
            ulong more = _vectors[1].Wait(Patience);
            Assert.True(more != 0, $"{place}: the model sent {expected} interrupts, QEMU's edu {found}");
            found += more;
        }

        found += _vectors[1].ReadAndClear();
        Assert.True(found == expected, $"{place}: the model sent {expected} interrupts, QEMU's edu {found}");
        Interrupts += expected;
    }

    /// <summary>
    /// Unmasks INTx of both devices, which the kernel masks with each signal; harmless if it is not masked.
    /// </summary>
    private void Unmask(string place)
    {
        if (IsLine)
        {
            Array.ForEach(_vectors, vector => vector.Unmask());
            CompareInterrupts(place);
        }
    }
}
