using Vfio.Pci;

namespace My.Card;

/// <summary>Represents the status register.</summary>
/// <param name="Raw">All 32 bits, including reserved ones.</param>
public readonly record struct MyCardStatus(uint Raw) : IRegisterValue<MyCardStatus>
{
    public static int Width => 4;

    public static IReadOnlyList<RegisterField> Fields =>
    [
        new("READY", 0, 1, "The rings are in use"),
        new("BUSY", 1, 1, "A descriptor is being processed"),
        new("FAILED", 2, 1, "A ring could not be read or written, or an index is outside; the rings are stopped"),
    ];

    public bool IsReady => RegisterBits.IsSet(Raw, 0);

    public bool IsBusy => RegisterBits.IsSet(Raw, 1);

    public bool HasFailed => RegisterBits.IsSet(Raw, 2);

    ulong IRegisterValue<MyCardStatus>.Raw => Raw;

    static MyCardStatus IRegisterValue<MyCardStatus>.FromRaw(ulong raw) => new((uint)raw);
}
