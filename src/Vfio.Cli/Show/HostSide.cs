namespace Vfio.Cli;

/// <summary>What the host does with a device: driver, group, place, names, and whether it could be taken.</summary>
internal sealed class HostSide
{
    public HostSide(CliHost host, PciDeviceInfo device)
    {
        Device = device;
        Details = device.ReadDetails();
        HostSurvey survey = new(host.Root);
        Refusals = survey.Refusals(device);
        Interfaces = survey.Interfaces(device.Address);
        Disks = survey.Disks(device.Address);
        Group = device.IommuGroup is int number ? new PciBus(host.Root).Group(number) : null;
        Entry = new BindingJournal(host.Root).Find(device.Address);
    }

    public PciDeviceInfo Device { get; }

    public PciDeviceDetails Details { get; }

    public IReadOnlyList<BindingRefusal> Refusals { get; }

    public IReadOnlyList<string> Interfaces { get; }

    public IReadOnlyList<string> Disks { get; }

    public IommuGroup? Group { get; }

    /// <summary>What the journal says, where the device is taken.</summary>
    public JournalEntry? Entry { get; }
}
