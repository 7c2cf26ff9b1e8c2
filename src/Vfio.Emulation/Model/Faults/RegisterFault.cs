using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>What is wrong with registers.</summary>
internal enum RegisterFaultKind
{
    NoAnswer,
    AllOnes,
    WrongValue,
}

/// <summary>A fault of registers, as often as it still is to happen.</summary>
internal sealed class RegisterFault(RegisterFaultKind kind, RegionIndex region, ulong? offset, ulong value, int times)
{
    public RegisterFaultKind Kind => kind;

    public ulong Value => value;

    public bool IsOver => times == 0;

    public bool Hits(RegionIndex where, ulong at, bool isRead) =>
        where == region && (offset is null || offset == at) && (isRead || kind != RegisterFaultKind.WrongValue);

    public void Count()
    {
        if (times != ModelFaults.Always)
        {
            times--;
        }
    }
}
