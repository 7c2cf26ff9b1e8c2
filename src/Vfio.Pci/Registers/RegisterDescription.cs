namespace Vfio.Pci;

/// <summary>A register as its specification describes it: for tools that show and name registers of any device.</summary>
/// <param name="Name">The specification's short name, <c>STATUS</c>; at most 32 characters without spaces.</param>
/// <param name="Offset">Bytes from the region's start; a multiple of the width.</param>
/// <param name="Width">The width in bytes: 1, 2, 4 or 8.</param>
/// <param name="Meaning">What it is, in a few words.</param>
/// <param name="Access">What reading and writing it does.</param>
/// <param name="Fields">Its fields from the lowest bit up; what no field covers is reserved. Empty where it is one number.</param>
public sealed record RegisterDescription(
    string Name, ulong Offset, int Width, string Meaning, RegisterAccess Access, IReadOnlyList<RegisterField> Fields)
{
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
