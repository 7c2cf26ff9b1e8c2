namespace Vfio.Pci;

/// <summary>The registers of one region of a kind of device. Immutable; any thread may use it.</summary>
public sealed class RegisterMap
{
    private readonly Dictionary<string, RegisterDescription> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<ulong, RegisterDescription> _byOffset = [];

    /// <summary>Makes a map.</summary>
    /// <param name="name">What it is the map of: <c>Intel 82574</c>.</param>
    /// <param name="source">The specification, with its version.</param>
    /// <param name="region">The region the registers lie in.</param>
    /// <param name="registers">The registers. Two may share an offset (one for reads, one for writes); no two share a name.</param>
    /// <exception cref="ArgumentException">A name occurs twice (case is not told apart).</exception>
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

    /// <summary>What it is the map of.</summary>
    public string Name { get; }

    /// <summary>The specification, with its version.</summary>
    public string Source { get; }

    /// <summary>The region the registers lie in.</summary>
    public RegionIndex Region { get; }

    /// <summary>The registers, by offset.</summary>
    public IReadOnlyList<RegisterDescription> Registers { get; }

    /// <summary>Finds a register by its name.</summary>
    /// <param name="name">The name; upper and lower case are the same.</param>
    /// <returns>The register, or <see langword="null"/> where the map has none of that name.</returns>
    public RegisterDescription? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Finds the register that starts at an offset.</summary>
    /// <param name="offset">Bytes from the region's start.</param>
    /// <returns>The register, the first named one where several share the offset, or <see langword="null"/>.</returns>
    public RegisterDescription? FindAt(ulong offset) => _byOffset.GetValueOrDefault(offset);
}
