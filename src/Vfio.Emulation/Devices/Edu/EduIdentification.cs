using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents the identification register: the kind of device and its version (QEMU documentation, &quot;EDU
/// device&quot; (docs/specs/edu)).
/// </summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct EduIdentification : IRegisterValue<EduIdentification>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public EduIdentification(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>Gets MAGIC: the constant 0x00ed, which identifies the device.</summary>
    public int Magic
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 16);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, 16, (ulong)value);
    }

    /// <summary>Gets MINOR: the minor version.</summary>
    public int MinorVersion
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 8);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 8, (ulong)value);
    }

    /// <summary>Gets MAJOR: the major version.</summary>
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
