using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>One register: where it lies, how wide it is, and what its map says of it.</summary>
/// <param name="Place">The region and the offset.</param>
/// <param name="Bits">The width of an access: 8, 16, 32 or 64.</param>
/// <param name="Register">Its description; <see langword="null"/> where no map has one of this width there.</param>
internal readonly record struct RegisterPlace(Place Place, int Bits, RegisterDescription? Register)
{
    /// <summary>The width in bytes.</summary>
    public uint Bytes => (uint)Bits / 8;

    /// <summary>The bits that a value may have.</summary>
    public ulong Mask => Bits >= 64 ? ulong.MaxValue : (1UL << Bits) - 1;

    /// <summary>A value with all its digits.</summary>
    public string Format(ulong value) => RegisterWidth.Format(value, Bits);

    /// <summary>Its name, else its place.</summary>
    public override string ToString() => Register?.Name ?? Place.ToString();
}
