namespace Vfio.Pci;

/// <summary>The value of a register of 16 bits that is one number, or whose fields nobody has named.</summary>
public readonly record struct RawUInt16 : IRegisterValue<RawUInt16>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The number.</param>
    public RawUInt16(ushort raw) => Raw = raw;

    /// <summary>The number.</summary>
    public ushort Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 2;

    ulong IRegisterValue<RawUInt16>.Raw => Raw;

    static RawUInt16 IRegisterValue<RawUInt16>.FromRaw(ulong raw) => new((ushort)raw);
}
