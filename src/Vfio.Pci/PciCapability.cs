namespace Vfio.Pci;

/// <summary>A capability in configuration space, standard or extended, with its registers decoded as far as the image goes.</summary>
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

    /// <summary>The capability id: of the standard list (8 bits), or of the extended one (16 bits).</summary>
    public ushort Id { get; }

    /// <summary>Whether it is of the extended list, which starts at 100h.</summary>
    public bool IsExtended { get; }

    /// <summary>Where it starts in configuration space.</summary>
    public int Offset { get; }

    /// <summary>The version that the extended list states; 0 for a standard capability.</summary>
    public int Version { get; }

    /// <summary>What it is called: <c>Power Management</c>; <c>unknown</c> with the id where nobody knows.</summary>
    public string Name { get; }

    /// <summary>The short name in front of its registers' names: <c>PM</c>, <c>EXP</c>, <c>AER</c>; as setpci has them, where it has.</summary>
    public string ShortName { get; }

    /// <summary>What matters most, in a few words; <see langword="null"/> where there is nothing to say.</summary>
    public string? Summary { get; }

    /// <summary>Its registers, at their offsets in configuration space; none of what lies outside the image.</summary>
    public IReadOnlyList<RegisterReading> Registers { get; }

    /// <summary>What its registers say together: <c>Slot power limit</c>, <c>Serial number</c>; in the order in which people read them.</summary>
    public IReadOnlyList<PciDerivedValue> DerivedValues { get; }

    /// <summary>Finds a register.</summary>
    /// <param name="name">Its short name without the capability's: <c>LnkSta</c>. Upper and lower case are the same.</param>
    /// <returns>The reading, or <see langword="null"/> where the capability has none of that name or the image ends before it.</returns>
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
