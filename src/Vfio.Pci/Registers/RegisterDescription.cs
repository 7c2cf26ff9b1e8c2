namespace Vfio.Pci;

/// <summary>A register as its specification describes it: for tools that show and name registers of any device.</summary>
public sealed record RegisterDescription
{
    /// <summary>Creates an instance.</summary>
    /// <param name="name">The specification's short name, <c>STATUS</c>; at most 32 characters without spaces.</param>
    /// <param name="offset">Bytes from the region's start; a multiple of the width.</param>
    /// <param name="width">The width in bytes: 1, 2, 4 or 8.</param>
    /// <param name="meaning">What it is, in a few words.</param>
    /// <param name="access">What reading and writing it does.</param>
    /// <param name="fields">Its fields from the lowest bit up; what no field covers is reserved. Empty where it is one number.</param>
    public RegisterDescription(string name, ulong offset, int width, string meaning, RegisterAccess access, IReadOnlyList<RegisterField> fields)
    {
        Name = name;
        Offset = offset;
        Width = width;
        Meaning = meaning;
        Access = access;
        Fields = fields;
    }

    /// <summary>The specification's short name, <c>STATUS</c>; at most 32 characters without spaces.</summary>
    public string Name { get; init; }

    /// <summary>Bytes from the region's start; a multiple of the width.</summary>
    public ulong Offset { get; init; }

    /// <summary>The width in bytes: 1, 2, 4 or 8.</summary>
    public int Width { get; init; }

    /// <summary>What it is, in a few words.</summary>
    public string Meaning { get; init; }

    /// <summary>What reading and writing it does.</summary>
    public RegisterAccess Access { get; init; }

    /// <summary>Its fields from the lowest bit up; what no field covers is reserved. Empty where it is one number.</summary>
    public IReadOnlyList<RegisterField> Fields { get; init; }

    /// <summary>Describes a register without fields that may be read and written.</summary>
    /// <param name="name">The specification's short name.</param>
    /// <param name="offset">Bytes from the region's start.</param>
    /// <param name="width">The width in bytes: 1, 2, 4 or 8.</param>
    /// <param name="meaning">What it is.</param>
    public RegisterDescription(string name, ulong offset, int width, string meaning)
        : this(name, offset, width, meaning, RegisterAccess.ReadWrite, [])
    {
    }

    /// <summary>Whether reading the register is harmless, so that a tool may read it unasked.</summary>
    public bool CanPeek => Access is not (RegisterAccess.WriteOnly or RegisterAccess.ReadHasSideEffects);
}
