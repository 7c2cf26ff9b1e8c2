using Vfio.Pci;

namespace My.Card;

/// <summary>Represents the status register.</summary>
/// <param name="Raw">All 32 bits, including reserved ones.</param>
public readonly record struct MyCardStatus(uint Raw) : IRegisterValue<MyCardStatus>
{
    public static int Width => 4;

    public static IReadOnlyList<RegisterField> Fields => [new("COMPUTING", 0, 1, "The factorial is being computed")];

    public bool IsComputing => RegisterBits.IsSet(Raw, 0);

    ulong IRegisterValue<MyCardStatus>.Raw => Raw;

    static MyCardStatus IRegisterValue<MyCardStatus>.FromRaw(ulong raw) => new((uint)raw);
}
