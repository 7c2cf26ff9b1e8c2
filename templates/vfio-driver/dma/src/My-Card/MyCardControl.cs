using Vfio.Pci;

namespace My.Card;

/// <summary>Represents the control register.</summary>
/// <param name="Raw">All 32 bits, including reserved ones.</param>
public readonly record struct MyCardControl(uint Raw) : IRegisterValue<MyCardControl>
{
    public static int Width => 4;

    public static IReadOnlyList<RegisterField> Fields => [new("ENABLE", 0, 1, "The rings are used")];

    public bool IsEnabled
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    ulong IRegisterValue<MyCardControl>.Raw => Raw;

    static MyCardControl IRegisterValue<MyCardControl>.FromRaw(ulong raw) => new((uint)raw);
}
