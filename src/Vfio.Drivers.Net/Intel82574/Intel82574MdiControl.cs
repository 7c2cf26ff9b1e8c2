using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>
/// MDIC, the register that reads and writes the PHY's registers (82574 datasheet 3.4, section 10.2.2).
/// </summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574MdiControl : IRegisterValue<Intel82574MdiControl>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574MdiControl(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>DATA: word to write, or word read.</summary>
    public int Data
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 16);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, 16, (ulong)value);
    }

    /// <summary>REGADD: PHY register.</summary>
    public int PhyRegister
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 5);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 5, (ulong)value);
    }

    /// <summary>PHYADD: PHY address: 1.</summary>
    public int PhyAddress
    {
        get => (int)RegisterBits.GetBits(Raw, 21, 5);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 21, 5, (ulong)value);
    }

    /// <summary>OP: the operation: 1 writes, 2 reads.</summary>
    public int Operation
    {
        get => (int)RegisterBits.GetBits(Raw, 26, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 26, 2, (ulong)value);
    }

    /// <summary>R: ready: the operation is done.</summary>
    public bool IsReady
    {
        get => RegisterBits.IsSet(Raw, 28);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 28, value);
    }

    /// <summary>I: an interrupt at its end.</summary>
    public bool RaisesInterrupt
    {
        get => RegisterBits.IsSet(Raw, 29);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 29, value);
    }

    /// <summary>E: the operation failed.</summary>
    public bool HasError
    {
        get => RegisterBits.IsSet(Raw, 30);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 30, value);
    }

    ulong IRegisterValue<Intel82574MdiControl>.Raw => Raw;

    static Intel82574MdiControl IRegisterValue<Intel82574MdiControl>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("DATA", 0, 16, "Word to write, or word read") { IsHexadecimal = true },
        new("REGADD", 16, 5, "PHY register"),
        new("PHYADD", 21, 5, "PHY address: 1"),
        new("OP", 26, 2, "Operation") { Values = [new(1, "write"), new(2, "read")] },
        new("R", 28, 1, "Ready: the operation is done"),
        new("I", 29, 1, "An interrupt at its end"),
        new("E", 30, 1, "The operation failed"),
    ];
}
