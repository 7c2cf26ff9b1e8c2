namespace Vfio.Pci;

/// <summary>The value of a 32-bit register that is a single number, or whose fields have no names.</summary>
public readonly record struct RawUInt32 : IRegisterValue<RawUInt32>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The number.</param>
    public RawUInt32(uint raw) => Raw = raw;

    /// <summary>The number.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    ulong IRegisterValue<RawUInt32>.Raw => Raw;

    static RawUInt32 IRegisterValue<RawUInt32>.FromRaw(ulong raw) => new((uint)raw);
}
