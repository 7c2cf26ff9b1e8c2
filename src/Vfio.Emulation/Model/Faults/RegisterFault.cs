using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>Specifies the kind of a register fault.</summary>
internal enum RegisterFaultKind
{
    NoAnswer,
    AllOnes,
    WrongValue,
}

/// <summary>Represents a register fault, with the number of times that it will still occur.</summary>
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
