namespace Vfio.Pci;

/// <summary>The value of a register of 32 bits that is one number, or whose fields nobody has named.</summary>
/// <param name="Raw">The number.</param>
public readonly record struct RawUInt32(uint Raw) : IRegisterValue<RawUInt32>
{
    /// <inheritdoc/>
    public static int Width => 4;

    ulong IRegisterValue<RawUInt32>.Raw => Raw;

    static RawUInt32 IRegisterValue<RawUInt32>.FromRaw(ulong raw) => new((uint)raw);
}
