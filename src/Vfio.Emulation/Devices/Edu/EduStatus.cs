using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>The status register (QEMU documentation, &quot;EDU device&quot; (docs/specs/edu)).</summary>
public readonly record struct EduStatus : IRegisterValue<EduStatus>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, the reserved ones too.</param>
    public EduStatus(uint raw) => Raw = raw;

    /// <summary>The register's 32 bits, the reserved ones too.</summary>
    public uint Raw { get; init; }

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
