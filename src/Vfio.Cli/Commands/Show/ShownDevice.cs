using System.Buffers.Binary;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents everything that is shown about a device, read once.</summary>
internal sealed record ShownDevice
{
    private const int ExtendedStart = 0x100;

    /// <summary>Gets the identity of the device.</summary>
    public required DeviceIdentity Identity { get; init; }

    /// <summary>Gets the revision ID.</summary>
    public byte? Revision { get; init; }

    /// <summary>Gets the implemented base address registers, the ROM, and the windows of a bridge.</summary>
    public required IReadOnlyList<PciResource> Regions { get; init; }

    /// <summary>Gets configuration space, as far as it could be read.</summary>
    public required byte[] ConfigBytes { get; init; }

    /// <summary>Gets the map of the device's own registers, if vfio has one.</summary>
    public RegisterMap? Map { get; init; }

    /// <summary>Gets how the host uses the device; <see langword="null"/> for a device model.</summary>
    public HostSide? Host { get; init; }

    /// <summary>
    /// Gets configuration space, decoded; <see langword="null"/> if not even the header could be read.
    /// </summary>
    public PciConfigSpace? Config =>
        field ??= ConfigBytes.Length >= PciConfigHeader.Length ? PciConfigSpace.Parse(ConfigBytes) : null;

    /// <summary>
    /// Returns the content of a capability whose registers are unknown, as 32-bit words, starting with its second word.
    /// </summary>
    /// <returns>The words up to the next capability, but at most eight; none for a capability that is
    /// decoded.</returns>
    public IReadOnlyList<uint> FindUndecoded(PciCapability capability)
    {
        const int MostWords = 8;
        if (capability.Registers.Count != 0 || Config is not PciConfigSpace config)
        {
            return [];
        }

        int first = capability.Offset + sizeof(uint);
        int end = config.Capabilities
            .Select(other => other.Offset)
            .Where(offset => offset > capability.Offset)
            .Append(ConfigBytes.Length)
            .Min();
        return [.. Enumerable.Range(0, Math.Clamp((end - first) / sizeof(uint), 0, MostWords))
            .Select(i => BinaryPrimitives.ReadUInt32LittleEndian(ConfigBytes.AsSpan(first + (i * sizeof(uint)))))];
    }

    /// <summary>Gets whether the kernel withheld the capabilities, as it does from users other than root.</summary>
    public bool IsConfigCut => ConfigBytes.Length == PciConfigHeader.Length;

    /// <summary>Reads a device of the host.</summary>
    /// <param name="host">The host.</param>
    /// <param name="device">The device.</param>
    /// <param name="isWholeConfig">Whether to also read the part of configuration space that belongs to no
    /// capability.</param>
    public static ShownDevice Of(CliHost host, PciDeviceInfo device, bool isWholeConfig)
    {
        HostSide side = new(host, device);
        byte[] config = ReadConfig(device, isWholeConfig);
        return new ShownDevice
        {
            Identity = DeviceIdentity.Of(device),
            Revision = side.Details.Revision,
            Regions = WithUnassigned(side.Details.Resources, config),
            ConfigBytes = config,
            Map = KnownRegisters.OwnMap(DeviceIdentity.Of(device)),
            Host = side,
        };
    }

    private static IReadOnlyList<PciResource> WithUnassigned(IReadOnlyList<PciResource> resources, byte[] config) =>
        PciConfigHeader.TryParse(config, out PciConfigHeader? header)
        && PciResource.FindUnassigned(header, resources) is { Count: > 0 } unassigned
            ? [.. resources.Concat(unassigned).OrderBy(resource => resource.Role).ThenBy(resource => resource.Number)]
            : resources;

    /// <summary>
    /// Returns the MSI and MSI-X interrupts as the capabilities describe them: type, whether they are enabled, and the
    /// number of vectors.
    /// </summary>
    public IEnumerable<MessageInterrupts> MessageInterrupts()
    {
        // Message control is at offset 2 of both (PCI Express Base Specification 6.0, sections 7.7.1.2 and 7.7.2.2).
        foreach (PciCapability capability in Config?.Capabilities ?? [])
        {
            if (capability.IsExtended
                || capability.Id is not (0x05 or 0x11)
                || capability.Offset + 4 > ConfigBytes.Length)
            {
                continue;
            }

            int control = ConfigBytes[capability.Offset + 2] | (ConfigBytes[capability.Offset + 3] << 8);
            yield return capability.Id == 0x05
                ? new MessageInterrupts("MSI", (control & 1) != 0, 1 << ((control >> 4) & 7), 1 << ((control >> 1) & 7))
                : new MessageInterrupts("MSI-X", (control & 0x8000) != 0, (control & 0x7ff) + 1, (control & 0x7ff) + 1);
        }
    }

    // For every four bytes the kernel reads from the device, which takes microseconds each, and in a virtual machine 20
    // ms in total. If the list of extended capabilities is empty, the rest of configuration space is therefore not
    // read.
    private static byte[] ReadConfig(PciDeviceInfo device, bool isWhole)
    {
        byte[] config = new byte[PciConfigSpace.MaxLength];
        Span<byte> begin = config.AsSpan(0, ExtendedStart + 4);
        int length = device.ReadConfig(begin);
        if (length < begin.Length)
        {
            return config[..length];
        }

        bool isEmpty = begin[ExtendedStart..].IndexOfAnyExcept((byte)0) < 0;
        return isEmpty && !isWhole ? config : config[..device.ReadConfig(config)];
    }
}

/// <summary>Represents the MSI or MSI-X interrupts of a device.</summary>
internal readonly record struct MessageInterrupts(string Name, bool IsOn, int Enabled, int Capable)
{
    /// <summary>Returns whether this is the interrupt type that sysfs names.</summary>
    public bool Is(string? kind) => Name.Replace("-", "", StringComparison.Ordinal)
        .Equals(kind, StringComparison.OrdinalIgnoreCase);
}
