namespace Vfio.Cli;

/// <summary>All that is shown of a device, looked at once.</summary>
internal sealed class ShownDevice
{
    private readonly byte[] _config;

    private ShownDevice(CliHost host, PciDeviceInfo device)
    {
        Device = device;
        Details = device.ReadDetails();
        byte[] config = new byte[PciConfigSpace.MaxLength];
        _config = config[..device.ReadConfig(config)];
        Config = _config.Length >= PciConfigHeader.Length ? PciConfigSpace.Parse(_config) : null;
        HostSurvey survey = new(host.Root);
        Refusals = survey.Refusals(device);
        Interfaces = survey.Interfaces(device.Address);
        Disks = survey.Disks(device.Address);
        Group = device.IommuGroup is int number ? new PciBus(host.Root).Group(number) : null;
        Entry = new BindingJournal(host.Root).Find(device.Address);
        Map = KnownRegisters.OwnMap(device);
    }

    public PciDeviceInfo Device { get; }

    public PciDeviceDetails Details { get; }

    /// <summary>Configuration space as far as it could be read; <see langword="null"/> where not even the header could.</summary>
    public PciConfigSpace? Config { get; }

    /// <summary>The bytes of it.</summary>
    public ReadOnlySpan<byte> ConfigBytes => _config;

    /// <summary>Whether the kernel kept capabilities back, as it does from others than root.</summary>
    public bool IsConfigCut => _config.Length == PciConfigHeader.Length;

    public IReadOnlyList<BindingRefusal> Refusals { get; }

    public IReadOnlyList<string> Interfaces { get; }

    public IReadOnlyList<string> Disks { get; }

    public IommuGroup? Group { get; }

    /// <summary>What the journal says, where the device is taken.</summary>
    public JournalEntry? Entry { get; }

    /// <summary>The map of its own registers, where one is known.</summary>
    public RegisterMap? Map { get; }

    /// <summary>Looks at a device that must be there.</summary>
    public static ShownDevice Look(CliHost host, PciAddress address) => new(host, new PciBus(host.Root).Get(address));

    /// <summary>Its message interrupts, as the capabilities state them: kind, whether they are on, how many.</summary>
    public IEnumerable<MessageInterrupts> MessageInterrupts()
    {
        // Message control is at offset 2 of both (PCI Express Base Specification 6.0, sections 7.7.1.2 and 7.7.2.2).
        foreach (PciCapability capability in Config?.Capabilities ?? [])
        {
            if (capability.IsExtended || capability.Id is not (0x05 or 0x11) || capability.Offset + 4 > _config.Length)
            {
                continue;
            }

            int control = _config[capability.Offset + 2] | (_config[capability.Offset + 3] << 8);
            yield return capability.Id == 0x05
                ? new MessageInterrupts("MSI", (control & 1) != 0, 1 << ((control >> 4) & 7), 1 << ((control >> 1) & 7))
                : new MessageInterrupts("MSI-X", (control & 0x8000) != 0, (control & 0x7ff) + 1, (control & 0x7ff) + 1);
        }
    }
}

/// <summary>One kind of message interrupts of a device.</summary>
internal readonly record struct MessageInterrupts(string Name, bool IsOn, int Enabled, int Capable)
{
    /// <summary>Whether this is the kind that sysfs calls so.</summary>
    public bool Is(string? kind) => Name.Replace("-", "", StringComparison.Ordinal).Equals(kind, StringComparison.OrdinalIgnoreCase);
}
