using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>
/// VS: which version of the specification the controller implements (NVM Express Base Specification 2.1, section
/// 3.1.4.2).
/// </summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct NvmeVersion : IRegisterValue<NvmeVersion>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public NvmeVersion(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>TER: tertiary version.</summary>
    public int Tertiary
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 8);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, 8, (ulong)value);
    }

    /// <summary>MNR: minor version.</summary>
    public int Minor
    {
        get => (int)RegisterBits.GetBits(Raw, 8, 8);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 8, 8, (ulong)value);
    }

    /// <summary>MJR: major version.</summary>
    public int Major
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 16);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 16, (ulong)value);
    }

    ulong IRegisterValue<NvmeVersion>.Raw => Raw;

    static NvmeVersion IRegisterValue<NvmeVersion>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("TER", 0, 8, "Tertiary version"),
        new("MNR", 8, 8, "Minor version"),
        new("MJR", 16, 16, "Major version"),
    ];
}
