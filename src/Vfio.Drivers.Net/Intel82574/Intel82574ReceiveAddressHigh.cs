using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>RAH, the upper part of an address that is received (82574 datasheet 3.4, section 10.2.5).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574ReceiveAddressHigh : IRegisterValue<Intel82574ReceiveAddressHigh>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574ReceiveAddressHigh(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>RAH: the last two bytes of the address, the fifth in the lower bits.</summary>
    public int Address
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 16);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, 16, (ulong)value);
    }

    /// <summary>ASEL: which address of a frame is compared: 0 the destination, 1 the source.</summary>
    public int AddressSelect
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 2, (ulong)value);
    }

    /// <summary>AV: the address is used.</summary>
    public bool IsValid
    {
        get => RegisterBits.IsSet(Raw, 31);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 31, value);
    }

    ulong IRegisterValue<Intel82574ReceiveAddressHigh>.Raw => Raw;

    static Intel82574ReceiveAddressHigh IRegisterValue<Intel82574ReceiveAddressHigh>.FromRaw(ulong raw) =>
        new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("RAH", 0, 16, "Last two bytes of the address") { IsHexadecimal = true },
        new("ASEL", 16, 2, "Which address of a frame is compared")
        {
            Values = [new(0, "destination"), new(1, "source")],
        },
        new("AV", 31, 1, "The address is used"),
    ];
}
