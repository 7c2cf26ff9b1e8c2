using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>EERD, the NVM read register: one word of 16 bits at a time (82574 datasheet 3.4, section 10.2.2).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574EepromRead : IRegisterValue<Intel82574EepromRead>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574EepromRead(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>START: start reading the word at ADDR.</summary>
    public bool Start
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>DONE: DATA is valid.</summary>
    public bool IsDone
    {
        get => RegisterBits.IsSet(Raw, 1);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 1, value);
    }

    /// <summary>ADDR: which word.</summary>
    public int Address
    {
        get => (int)RegisterBits.GetBits(Raw, 2, 14);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 2, 14, (ulong)value);
    }

    /// <summary>DATA: the word read.</summary>
    public int Data
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 16);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 16, (ulong)value);
    }

    ulong IRegisterValue<Intel82574EepromRead>.Raw => Raw;

    static Intel82574EepromRead IRegisterValue<Intel82574EepromRead>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("START", 0, 1, "Start reading the word at ADDR"),
        new("DONE", 1, 1, "DATA is valid"),
        new("ADDR", 2, 14, "Which word") { IsHexadecimal = true },
        new("DATA", 16, 16, "The word read") { IsHexadecimal = true },
    ];
}
