namespace Vfio.Pci;

/// <summary>
/// Decoded configuration space: header, standard and extended capabilities, their registers and fields (PCI Express
/// Base Specification 6.0, chapter 7). Pure: it only interprets bytes.
/// </summary>
/// <remarks>
/// The bytes come from hardware and are not trusted: for loops, invalid pointers and truncated images it returns what
/// can be read, and <see cref="Warnings"/>. Immutable and thread-safe.
/// </remarks>
/// <example>
/// <code>
/// PciConfigSpace config = PciConfigSpace.Parse(File.ReadAllBytes("/sys/bus/pci/devices/0000:00:14.3/config"));
/// foreach (PciCapability capability in config.Capabilities)
/// {
///     Console.WriteLine($"[{capability.Offset:x2}] {capability.Name} {capability.Summary}");
/// }
///
/// ulong? lanes = config.Find("EXP")?.Find("LnkSta")?.GetField("Width");
/// </code>
/// </example>
public sealed class PciConfigSpace
{
    /// <summary>The greatest length: 4 KiB. It is 256 bytes for a device that is not PCI Express.</summary>
    public const int MaxLength = 4096;

    private readonly byte[] _bytes;

    private PciConfigSpace(byte[] bytes)
    {
        _bytes = bytes;
        Header = PciConfigHeader.Parse(bytes);
        CapabilityReader header = new(bytes, 0, expressType: -1);
        HeaderDecoder.Decode(header, Header);
        HeaderRegisters = header.Registers;
        HeaderDerivedValues = header.Derived;
        CapabilityChain chain = new(bytes, Header);
        chain.Walk();
        Capabilities = chain.Capabilities;
        Warnings = header.IsTruncated
            ? [$"the header extends beyond the image's {bytes.Length} bytes", .. chain.Warnings]
            : chain.Warnings;
    }

    /// <summary>Gets the first 64 bytes.</summary>
    public PciConfigHeader Header { get; }

    /// <summary>Gets the image as it was given.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Gets the header's registers, by offset.</summary>
    public IReadOnlyList<RegisterReading> HeaderRegisters { get; }

    /// <summary>
    /// Gets the values derived from the header's registers: <c>Region 0</c>, <c>Expansion ROM</c>, <c>Memory behind
    /// bridge</c>.
    /// </summary>
    public IReadOnlyList<PciDerivedValue> HeaderDerivedValues { get; }

    /// <summary>Gets the capabilities in the order of their lists, the standard ones first.</summary>
    public IReadOnlyList<PciCapability> Capabilities { get; }

    /// <summary>
    /// Gets what kept parts of the image from being decoded, one sentence each; empty if everything was decoded.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Decodes an image.</summary>
    /// <param name="config">
    /// Configuration space from offset 0: 64 bytes (which sysfs shows to users other than root), 256 or 4096. Any
    /// length in between is accepted.
    /// </param>
    /// <returns>The decoded configuration space.</returns>
    /// <exception cref="FormatException">There are fewer than 64 bytes, or more than 4096.</exception>
    public static PciConfigSpace Parse(ReadOnlySpan<byte> config) => config.Length <= MaxLength
        ? new PciConfigSpace(config.ToArray())
        : throw new FormatException(
            $"configuration space has at most {MaxLength} bytes, but {config.Length} were given");

    /// <summary>Finds a capability by its short name: <c>PM</c>, <c>EXP</c>, <c>AER</c>.</summary>
    /// <param name="shortName">The name; case is ignored.</param>
    /// <returns>The first capability with that name; <see langword="null"/> for none.</returns>
    public PciCapability? Find(string shortName) =>
        Capabilities.FirstOrDefault(
            capability => capability.ShortName.Equals(shortName, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Makes a map of the registers of this device's configuration space. Those of the header have their own names.
    /// Those of a capability are preceded by its short name, <c>EXP.LnkSta</c>, and those of a second capability of the
    /// same kind by <c>NAME2</c>.
    /// </summary>
    /// <returns>A map of the region <see cref="RegionIndex.Config"/>.</returns>
    public RegisterMap ToRegisterMap()
    {
        List<RegisterDescription> registers = [.. HeaderRegisters.Select(reading => reading.Register)];
        HashSet<string> prefixes = new(StringComparer.OrdinalIgnoreCase);
        foreach (PciCapability capability in Capabilities)
        {
            // A kind may already have the name that the second one of another kind would get: VC and VC2.
            string prefix = capability.ShortName;
            for (int count = 2; !prefixes.Add(prefix); count++)
            {
                prefix = $"{capability.ShortName}{count}";
            }

            registers.AddRange(capability.Registers.Select(
                reading => reading.Register with { Name = $"{prefix}.{reading.Register.Name}" }));
        }

        return new RegisterMap(
            $"configuration space of {Header.VendorId:x4}:{Header.DeviceId:x4}",
            "PCI Express Base Specification 6.0, chapter 7",
            RegionIndex.Config,
            registers);
    }
}
