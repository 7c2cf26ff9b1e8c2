namespace Vfio.Pci;

/// <summary>The value of a 64-bit register that is a single number, or whose fields have no names.</summary>
public readonly record struct RawUInt64 : IRegisterValue<RawUInt64>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The number.</param>
    public RawUInt64(ulong raw) => Raw = raw;

    /// <summary>The number.</summary>
    public ulong Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 8;

    static RawUInt64 IRegisterValue<RawUInt64>.FromRaw(ulong raw) => new(raw);
}
