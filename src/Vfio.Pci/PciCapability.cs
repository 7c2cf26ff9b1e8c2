namespace Vfio.Pci;

/// <summary>
/// A standard or extended capability in configuration space. Its registers are decoded as far as the image contains
/// them.
/// </summary>
public sealed class PciCapability
{
    internal PciCapability(ushort id, bool isExtended, int version, CapabilityKind kind, CapabilityReader reader)
    {
        Id = id;
        IsExtended = isExtended;
        Offset = reader.Offset;
        Version = version;
        Name = kind.Name;
        ShortName = kind.ShortName;
        Summary = reader.Summary;
        Registers = reader.Registers;
        DerivedValues = reader.Derived;
    }

    /// <summary>Gets the capability ID in the standard list (8 bits) or the extended list (16 bits).</summary>
    public ushort Id { get; }

    /// <summary>Gets whether it is in the extended list, which starts at 100h.</summary>
    public bool IsExtended { get; }

    /// <summary>Gets its offset in configuration space.</summary>
    public int Offset { get; }

    /// <summary>Gets its version in the extended list; 0 for a standard capability.</summary>
    public int Version { get; }

    /// <summary>Gets its name: <c>Power Management</c>; <c>unknown</c> and the ID if the name is not known.</summary>
    public string Name { get; }

    /// <summary>
    /// Gets the short name that precedes its registers' names: <c>PM</c>, <c>EXP</c>, <c>AER</c>. It is setpci's, if
    /// setpci has one.
    /// </summary>
    public string ShortName { get; }

    /// <summary>Gets a summary of a few words; <see langword="null"/> for none.</summary>
    public string? Summary { get; }

    /// <summary>Gets its registers, at their offsets in configuration space, without those outside the image.</summary>
    public IReadOnlyList<RegisterReading> Registers { get; }

    /// <summary>
    /// Gets the values derived from its registers, in the order in which they are usually read: <c>Slot power
    /// limit</c>, <c>Serial number</c>.
    /// </summary>
    public IReadOnlyList<PciDerivedValue> DerivedValues { get; }

    /// <summary>Finds a register.</summary>
    /// <param name="name">Its short name without that of the capability: <c>LnkSta</c>. Case is ignored.</param>
    /// <returns>
    /// The reading; <see langword="null"/> if the capability has no such register, or the image ends before it.
    /// </returns>
    public RegisterReading? Find(string name)
    {
        foreach (RegisterReading reading in Registers)
        {
            if (reading.Register.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return reading;
            }
        }

        return null;
    }
}
