namespace Vfio.Pci;

/// <summary>
/// The description of a register from its specification, for tools that show and name the registers of any device.
/// </summary>
public sealed record RegisterDescription
{
    /// <summary>Creates an instance.</summary>
    /// <param name="name">
    /// The short name in the specification, <c>STATUS</c>; at most 32 characters without spaces.
    /// </param>
    /// <param name="offset">The offset in bytes from the start of the region; a multiple of the width.</param>
    /// <param name="width">The width in bytes: 1, 2, 4 or 8.</param>
    /// <param name="meaning">Its meaning, in a few words.</param>
    /// <param name="access">The effect of reading and writing it.</param>
    /// <param name="fields">
    /// Its fields from the lowest bit up; bits without a field are reserved. Empty if the register is a single number.
    /// </param>
    public RegisterDescription(
        string name,
        ulong offset,
        int width,
        string meaning,
        RegisterAccess access,
        IReadOnlyList<RegisterField> fields)
    {
        Name = name;
        Offset = offset;
        Width = width;
        Meaning = meaning;
        Access = access;
        Fields = fields;
    }

    /// <summary>The short name in the specification, <c>STATUS</c>; at most 32 characters without spaces.</summary>
    public string Name { get; init; }

    /// <summary>The offset in bytes from the start of the region; a multiple of the width.</summary>
    public ulong Offset { get; init; }

    /// <summary>The width in bytes: 1, 2, 4 or 8.</summary>
    public int Width { get; init; }

    /// <summary>Its meaning, in a few words.</summary>
    public string Meaning { get; init; }

    /// <summary>The effect of reading and writing it.</summary>
    public RegisterAccess Access { get; init; }

    /// <summary>
    /// Its fields from the lowest bit up; bits without a field are reserved. Empty if the register is a single number.
    /// </summary>
    public IReadOnlyList<RegisterField> Fields { get; init; }

    /// <summary>Creates an instance for a register without fields that can be read and written.</summary>
    /// <param name="name">The short name in the specification.</param>
    /// <param name="offset">The offset in bytes from the start of the region.</param>
    /// <param name="width">The width in bytes: 1, 2, 4 or 8.</param>
    /// <param name="meaning">Its meaning.</param>
    public RegisterDescription(string name, ulong offset, int width, string meaning)
        : this(name, offset, width, meaning, RegisterAccess.ReadWrite, [])
    {
    }

    /// <summary>
    /// Gets whether reading the register is harmless, so that a tool may read it without being asked to.
    /// </summary>
    public bool CanPeek => Access is not (RegisterAccess.WriteOnly or RegisterAccess.ReadHasSideEffects);
}
