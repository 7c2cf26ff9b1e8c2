using System.Buffers.Binary;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>All that is shown of a device, looked at once.</summary>
internal sealed record ShownDevice
{
    private const int ExtendedStart = 0x100;

    /// <summary>What it is.</summary>
    public required DeviceIdentity Identity { get; init; }

    /// <summary>Its revision id.</summary>
    public byte? Revision { get; init; }

    /// <summary>Its base address registers and ROM, and a bridge's windows. Only those that are there.</summary>
    public required IReadOnlyList<PciResource> Regions { get; init; }

    /// <summary>Configuration space as far as it could be read.</summary>
    public required byte[] ConfigBytes { get; init; }

    /// <summary>The map of its own registers, where one is known.</summary>
    public RegisterMap? Map { get; init; }

    /// <summary>What the host does with it; <see langword="null"/> for a model.</summary>
    public HostSide? Host { get; init; }

    /// <summary>Configuration space, decoded; <see langword="null"/> where not even the header could be read.</summary>
    public PciConfigSpace? Config => field ??= ConfigBytes.Length >= PciConfigHeader.Length ? PciConfigSpace.Parse(ConfigBytes) : null;

    /// <summary>Gets what a capability without known registers holds, in words of 32 bits from its second one on.</summary>
    /// <returns>The words up to the next capability, eight at most; none for a capability that is decoded.</returns>
    public IReadOnlyList<uint> FindUndecoded(PciCapability capability)
    {
        const int MostWords = 8;
        if (capability.Registers.Count != 0 || Config is not PciConfigSpace config)
        {
            return [];
        }

        int first = capability.Offset + sizeof(uint);
        int end = config.Capabilities.Select(other => other.Offset).Where(offset => offset > capability.Offset).Append(ConfigBytes.Length).Min();
        return [.. Enumerable.Range(0, Math.Clamp((end - first) / sizeof(uint), 0, MostWords))
            .Select(i => BinaryPrimitives.ReadUInt32LittleEndian(ConfigBytes.AsSpan(first + (i * sizeof(uint)))))];
    }

    /// <summary>Whether the kernel kept capabilities back, as it does from others than root.</summary>
    public bool IsConfigCut => ConfigBytes.Length == PciConfigHeader.Length;

    /// <summary>Looks at a device of the host.</summary>
    /// <param name="host">The host.</param>
    /// <param name="device">The device.</param>
    /// <param name="isWholeConfig">Whether what no capability reaches is wanted too.</param>
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
        PciConfigHeader.TryParse(config, out PciConfigHeader? header) && PciResource.FindUnassigned(header, resources) is { Count: > 0 } unassigned
            ? [.. resources.Concat(unassigned).OrderBy(resource => resource.Role).ThenBy(resource => resource.Number)]
            : resources;

    /// <summary>Its message interrupts, as the capabilities state them: kind, whether they are on, how many.</summary>
    public IEnumerable<MessageInterrupts> MessageInterrupts()
    {
        // Message control is at offset 2 of both (PCI Express Base Specification 6.0, sections 7.7.1.2 and 7.7.2.2).
        foreach (PciCapability capability in Config?.Capabilities ?? [])
        {
            if (capability.IsExtended || capability.Id is not (0x05 or 0x11) || capability.Offset + 4 > ConfigBytes.Length)
            {
                continue;
            }

            int control = ConfigBytes[capability.Offset + 2] | (ConfigBytes[capability.Offset + 3] << 8);
            yield return capability.Id == 0x05
                ? new MessageInterrupts("MSI", (control & 1) != 0, 1 << ((control >> 4) & 7), 1 << ((control >> 1) & 7))
                : new MessageInterrupts("MSI-X", (control & 0x8000) != 0, (control & 0x7ff) + 1, (control & 0x7ff) + 1);
        }
    }

    // The kernel asks the device for every four bytes, which takes microseconds each, in a virtual machine 20 ms for all: where
    // the extended list is empty, what lies behind its start is not asked for.
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

/// <summary>One kind of message interrupts of a device.</summary>
internal readonly record struct MessageInterrupts(string Name, bool IsOn, int Enabled, int Capable)
{
    /// <summary>Whether this is the kind that sysfs calls so.</summary>
    public bool Is(string? kind) => Name.Replace("-", "", StringComparison.Ordinal).Equals(kind, StringComparison.OrdinalIgnoreCase);
}
