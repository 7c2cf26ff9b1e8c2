using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// The interrupt registers: what raised the interrupt, what is to raise it, what is acknowledged; the other bits are the driver's
/// own (QEMU documentation, &quot;EDU device&quot; (docs/specs/edu)).
/// </summary>
public readonly record struct EduInterrupts : IRegisterValue<EduInterrupts>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, the reserved ones too.</param>
    public EduInterrupts(uint raw) => Raw = raw;

    /// <summary>The register's 32 bits, the reserved ones too.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>FACTORIAL: the factorial is computed.</summary>
    public bool Factorial
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>DMA: the transfer is done.</summary>
    public bool Dma
    {
        get => RegisterBits.IsSet(Raw, 8);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 8, value);
    }

    ulong IRegisterValue<EduInterrupts>.Raw => Raw;

    static EduInterrupts IRegisterValue<EduInterrupts>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("FACTORIAL", 0, 1, "The factorial is computed"),
        new("DMA", 8, 1, "The transfer is done"),
    ];
}
