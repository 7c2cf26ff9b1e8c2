using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents one register: its place, its width and its description.</summary>
/// <param name="Place">The region and the offset.</param>
/// <param name="Bits">The width of an access: 8, 16, 32 or 64.</param>
/// <param name="Register">The description; <see langword="null"/> if no map has a register of this width there.</param>
internal readonly record struct RegisterPlace(Place Place, int Bits, RegisterDescription? Register)
{
    /// <summary>Gets the width in bytes.</summary>
    public uint Bytes => (uint)Bits / 8;

    /// <summary>Gets the mask of the bits that a value may have.</summary>
    public ulong Mask => Bits >= 64 ? ulong.MaxValue : (1UL << Bits) - 1;

    /// <summary>Formats a value with all its digits.</summary>
    public string Format(ulong value) => RegisterWidth.Format(value, Bits);

    /// <summary>Returns the name, or the place if it is unnamed.</summary>
    public override string ToString() => Register?.Name ?? Place.ToString();
}
