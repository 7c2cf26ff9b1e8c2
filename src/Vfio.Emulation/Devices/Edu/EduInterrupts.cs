using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents the interrupt registers: the reasons that raised the interrupt, to raise, or to acknowledge. The driver
/// may use the other bits for itself (QEMU documentation, &quot;EDU device&quot; (docs/specs/edu)).
/// </summary>
public readonly record struct EduInterrupts : IRegisterValue<EduInterrupts>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public EduInterrupts(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>Gets FACTORIAL: the factorial is computed.</summary>
    public bool Factorial
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>Gets DMA: the transfer is done.</summary>
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
