using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>The status register (QEMU documentation, &quot;EDU device&quot; (docs/specs/edu)).</summary>
/// <param name="Raw">The register's 32 bits, the reserved ones too.</param>
public readonly record struct EduStatus(uint Raw) : IRegisterValue<EduStatus>
{
    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>COMPUTING: the factorial is being computed.</summary>
    public bool IsComputing
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>IRQ: an interrupt when the factorial is computed.</summary>
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
        new("IRQ", 7, 1, "An interrupt when the factorial is computed"),
    ];
}
