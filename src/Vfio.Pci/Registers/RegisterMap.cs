namespace Vfio.Pci;

/// <summary>The registers in one region of a kind of device. Immutable and thread-safe.</summary>
public sealed class RegisterMap
{
    private readonly Dictionary<string, RegisterDescription> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<ulong, RegisterDescription> _byOffset = [];

    /// <summary>Creates a map.</summary>
    /// <param name="name">The name of the device: <c>Intel 82574</c>.</param>
    /// <param name="source">The specification, with its version.</param>
    /// <param name="region">The region that contains the registers.</param>
    /// <param name="registers">
    /// The registers. Two may share an offset (one for reads, one for writes); no two share a name.
    /// </param>
    /// <exception cref="ArgumentException">A name occurs twice (case is ignored).</exception>
    public RegisterMap(string name, string source, RegionIndex region, IEnumerable<RegisterDescription> registers)
    {
        ArgumentNullException.ThrowIfNull(registers);
        Name = name;
        Source = source;
        Region = region;
        Registers = [.. registers.OrderBy(register => register.Offset)];
        foreach (RegisterDescription register in Registers)
        {
            _byName.Add(register.Name, register);
            _ = _byOffset.TryAdd(register.Offset, register);
        }
    }

    /// <summary>Gets the name of the device.</summary>
    public string Name { get; }

    /// <summary>Gets the specification, with its version.</summary>
    public string Source { get; }

    /// <summary>Gets the region that contains the registers.</summary>
    public RegionIndex Region { get; }

    /// <summary>Gets the registers, by offset.</summary>
    public IReadOnlyList<RegisterDescription> Registers { get; }

    /// <summary>Finds a register by its name.</summary>
    /// <param name="name">The name; case is ignored.</param>
    /// <returns>The register; <see langword="null"/> if none has this name.</returns>
    public RegisterDescription? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Finds the register that starts at an offset.</summary>
    /// <param name="offset">The offset in bytes from the start of the region.</param>
    /// <returns>
    /// The register, the first one in the map if several share the offset; <see langword="null"/> for none.
    /// </returns>
    public RegisterDescription? FindAt(ulong offset) => _byOffset.GetValueOrDefault(offset);
}
