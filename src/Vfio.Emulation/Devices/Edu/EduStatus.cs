using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>Represents the status register (QEMU documentation, &quot;EDU device&quot; (docs/specs/edu)).</summary>
public readonly record struct EduStatus : IRegisterValue<EduStatus>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public EduStatus(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>Gets COMPUTING: the factorial is being computed.</summary>
    public bool IsComputing
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>Gets IRQ: whether to raise an interrupt when the factorial is computed.</summary>
    public bool RaisesInterrupt
    {
        get => RegisterBits.IsSet(Raw, 7);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 7, value);
    }

    ulong IRegisterValue<EduStatus>.Raw => Raw;

    static EduStatus IRegisterValue<EduStatus>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("COMPUTING", 0, 1, "The factorial is being computed"),
        new("IRQ", 7, 1, "Raise an interrupt when the factorial is computed"),
    ];
}
