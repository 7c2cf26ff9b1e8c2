namespace Vfio.Pci;

/// <summary>The value of a 16-bit register that is a single number, or whose fields have no names.</summary>
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
