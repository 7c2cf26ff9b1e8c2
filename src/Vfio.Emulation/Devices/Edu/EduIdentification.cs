using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// The identification register: which device this is, and its version (QEMU documentation, &quot;EDU device&quot;
/// (docs/specs/edu)).
/// </summary>
/// <remarks>A property that is set to what its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.</remarks>
public readonly record struct EduIdentification : IRegisterValue<EduIdentification>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, the reserved ones too.</param>
    public EduIdentification(uint raw) => Raw = raw;

    /// <summary>The register's 32 bits, the reserved ones too.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>MAGIC: which device this is: 0x00ed.</summary>
    public int Magic
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 16);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, 16, (ulong)value);
    }

    /// <summary>MINOR: minor version.</summary>
    public int MinorVersion
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 8);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 8, (ulong)value);
    }

    /// <summary>MAJOR: major version.</summary>
    public int MajorVersion
    {
        get => (int)RegisterBits.GetBits(Raw, 24, 8);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 24, 8, (ulong)value);
    }

    ulong IRegisterValue<EduIdentification>.Raw => Raw;

    static EduIdentification IRegisterValue<EduIdentification>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("MAGIC", 0, 16, "Always 0x00ed") { IsHexadecimal = true },
        new("MINOR", 16, 8, "Minor version"),
        new("MAJOR", 24, 8, "Major version"),
    ];
}
