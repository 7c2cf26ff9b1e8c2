using Vfio.Pci;

namespace My.Card;

/// <summary>Represents the identification register: a constant that identifies the device, and its version.</summary>
/// <param name="Raw">All 32 bits, including reserved ones.</param>
public readonly record struct MyCardIdentification(uint Raw) : IRegisterValue<MyCardIdentification>
{
    /// <summary>The value of <see cref="Magic"/> in every device of this kind.</summary>
    public const int ExpectedMagic = 0xed;

    public static int Width => 4;

    public static IReadOnlyList<RegisterField> Fields =>
    [
        new("MAGIC", 0, 16, "Always 0x00ed") { IsHexadecimal = true },
        new("MINOR", 16, 8, "Minor version"),
        new("MAJOR", 24, 8, "Major version"),
    ];

    public int Magic => (int)RegisterBits.GetBits(Raw, 0, 16);

    public int MinorVersion => (int)RegisterBits.GetBits(Raw, 16, 8);

    public int MajorVersion => (int)RegisterBits.GetBits(Raw, 24, 8);

    ulong IRegisterValue<MyCardIdentification>.Raw => Raw;

    static MyCardIdentification IRegisterValue<MyCardIdentification>.FromRaw(ulong raw) => new((uint)raw);
}
