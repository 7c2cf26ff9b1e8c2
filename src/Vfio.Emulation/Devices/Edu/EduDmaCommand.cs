using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents the command register of DMA (QEMU documentation, &quot;EDU device&quot; (docs/specs/edu)).
/// </summary>
public readonly record struct EduDmaCommand : IRegisterValue<EduDmaCommand>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 64 bits, including reserved ones.</param>
    public EduDmaCommand(ulong raw) => Raw = raw;

    /// <summary>Gets the register's 64 bits, including reserved ones.</summary>
    public ulong Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 8;

    /// <summary>Gets START: starts a transfer; the device clears it at the end of the transfer.</summary>
    public bool Start
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>Gets DIRECTION: whether the transfer goes from edu to memory, instead of from memory to edu.</summary>
    public bool FromDevice
    {
        get => RegisterBits.GetBits(Raw, 1, 1) != 0;
        init => Raw = RegisterBits.SetBits(Raw, 1, 1, value ? 1UL : 0);
    }

    /// <summary>Gets IRQ: whether to raise an interrupt when the transfer is done.</summary>
    public bool RaisesInterrupt
    {
        get => RegisterBits.IsSet(Raw, 2);
        init => Raw = RegisterBits.SetBits(Raw, 2, value);
    }

    static EduDmaCommand IRegisterValue<EduDmaCommand>.FromRaw(ulong raw) => new(raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("START", 0, 1, "Start a transfer; cleared at its end"),
        new("DIRECTION", 1, 1, "Direction of the transfer") { Values = [new(0, "to edu"), new(1, "from edu")] },
        new("IRQ", 2, 1, "Raise an interrupt when the transfer is done"),
    ];
}
