namespace Vfio.Pci;

/// <summary>
/// Configuration space, decoded: header, standard and extended capabilities, their registers and fields (PCI Express Base
/// Specification 6.0, chapter 7). Pure: bytes in, values out.
/// </summary>
/// <remarks>
/// The bytes come from hardware and are believed in nothing: loops, wild pointers and truncated images give what can be read,
/// and <see cref="Warnings"/>. Immutable; any thread may use it.
/// </remarks>
/// <example>
/// <code>
/// PciConfigSpace config = PciConfigSpace.Parse(File.ReadAllBytes("/sys/bus/pci/devices/0000:00:14.3/config"));
/// foreach (PciCapability capability in config.Capabilities)
/// {
///     Console.WriteLine($"[{capability.Offset:x2}] {capability.Name} {capability.Summary}");
/// }
///
/// ulong? lanes = config.Find("EXP")?.Find("LnkSta")?.Field("Width");
/// </code>
/// </example>
public sealed class PciConfigSpace
{
    /// <summary>What a device has at most: 4 KiB; 256 bytes where it is not PCI Express.</summary>
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
        Warnings = header.IsTruncated ? [$"the header reaches beyond the image's {bytes.Length} bytes", .. chain.Warnings] : chain.Warnings;
    }

    /// <summary>The first 64 bytes.</summary>
    public PciConfigHeader Header { get; }

    /// <summary>The image as it was given.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The header's registers, by offset.</summary>
    public IReadOnlyList<RegisterReading> HeaderRegisters { get; }

    /// <summary>What the header's registers say together: <c>Region 0</c>, <c>Expansion ROM</c>, <c>Memory behind bridge</c>.</summary>
    public IReadOnlyList<PciDerivedValue> HeaderDerivedValues { get; }

    /// <summary>The capabilities in the order of their lists, the standard ones first.</summary>
    public IReadOnlyList<PciCapability> Capabilities { get; }

    /// <summary>What kept the image from being decoded whole, a sentence each; empty where nothing did.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Decodes an image.</summary>
    /// <param name="config">Configuration space from offset 0: 64 bytes (what sysfs gives to others than root), 256 or 4096; any length between is taken as it is.</param>
    /// <returns>What is in it.</returns>
    /// <exception cref="FormatException">There are fewer than 64 bytes, or more than 4096.</exception>
    public static PciConfigSpace Parse(ReadOnlySpan<byte> config) => config.Length <= MaxLength
        ? new PciConfigSpace(config.ToArray())
        : throw new FormatException($"configuration space has at most {MaxLength} bytes, not {config.Length}");

    /// <summary>Finds a capability by its short name: <c>PM</c>, <c>EXP</c>, <c>AER</c>.</summary>
    /// <param name="shortName">The name; upper and lower case are the same.</param>
    /// <returns>The first of that name, or <see langword="null"/>.</returns>
    public PciCapability? Find(string shortName) =>
        Capabilities.FirstOrDefault(capability => capability.ShortName.Equals(shortName, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// The registers of this device's configuration space: the header's under their own names, those of a capability behind its
    /// short name, <c>EXP.LnkSta</c>; of a second capability of one kind behind <c>NAME2</c>.
    /// </summary>
    /// <returns>A map of the region <see cref="RegionIndex.Config"/>.</returns>
    public RegisterMap ToRegisterMap()
    {
        List<RegisterDescription> registers = [.. HeaderRegisters.Select(reading => reading.Register)];
        HashSet<string> prefixes = new(StringComparer.OrdinalIgnoreCase);
        foreach (PciCapability capability in Capabilities)
        {
            // A kind can be called as another's second one would be: VC and VC2.
            string prefix = capability.ShortName;
            for (int count = 2; !prefixes.Add(prefix); count++)
            {
                prefix = $"{capability.ShortName}{count}";
            }

            registers.AddRange(capability.Registers.Select(reading => reading.Register with { Name = $"{prefix}.{reading.Register.Name}" }));
        }

        return new RegisterMap(
            $"configuration space of {Header.VendorId:x4}:{Header.DeviceId:x4}", "PCI Express Base Specification 6.0, chapter 7", RegionIndex.Config, registers);
    }
}
