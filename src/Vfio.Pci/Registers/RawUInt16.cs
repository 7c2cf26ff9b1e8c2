namespace Vfio.Pci;

/// <summary>The value of a register of 16 bits that is one number, or whose fields nobody has named.</summary>
/// <param name="Raw">The number.</param>
public readonly record struct RawUInt16(ushort Raw) : IRegisterValue<RawUInt16>
{
    /// <inheritdoc/>
    public static int Width => 2;

    ulong IRegisterValue<RawUInt16>.Raw => Raw;

    static RawUInt16 IRegisterValue<RawUInt16>.FromRaw(ulong raw) => new((ushort)raw);
}
