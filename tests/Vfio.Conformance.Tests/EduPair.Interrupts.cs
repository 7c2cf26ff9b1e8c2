namespace Vfio.Conformance.Tests;

// Interrupts of both devices: by the line after one opening, by messages after the next. After each access both have sent as many.
internal sealed partial class EduPair
{
    private readonly InterruptVector[] _vectors = new InterruptVector[2];
    private int _openings;

    /// <summary>How many interrupts each sent.</summary>
    public ulong Interrupts { get; private set; }

    // The command register keeps the line quiet where nobody listens to it.
    private ushort Quiet => IsLine ? (ushort)0 : IntxDisable;

    private bool IsLine => _openings % 2 == 1;

    private void EnableInterrupts(int device) => _vectors[device] = _devices[device].Interrupts.Enable(IsLine ? IrqIndex.Intx : IrqIndex.Msi);

    /// <summary>Compares what both have sent since the last look. The model has when the access returns; an interrupt of the kernel's is a moment on its way.</summary>
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

    /// <summary>Lets the lines through again, which the kernel masks with each signal; also where they are not masked.</summary>
    private void Unmask(string place)
    {
        if (IsLine)
        {
            Array.ForEach(_vectors, vector => vector.Unmask());
            CompareInterrupts(place);
        }
    }
}
