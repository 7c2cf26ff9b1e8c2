namespace Vfio.Pci;

/// <summary>The value of a register of 64 bits that is one number, or whose fields nobody has named.</summary>
/// <param name="Raw">The number.</param>
public readonly record struct RawUInt64(ulong Raw) : IRegisterValue<RawUInt64>
{
    /// <inheritdoc/>
    public static int Width => 8;

    static RawUInt64 IRegisterValue<RawUInt64>.FromRaw(ulong raw) => new(raw);
}
