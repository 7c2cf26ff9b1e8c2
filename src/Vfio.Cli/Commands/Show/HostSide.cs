using Vfio.Host;

namespace Vfio.Cli;

/// <summary>What the host does with a device: driver, group, place, names, and whether it could be taken.</summary>
internal sealed class HostSide
{
    public HostSide(CliHost host, PciDeviceInfo device)
    {
        Device = device;
        Details = device.GetDetails();
        HostSurvey survey = new(host.Root);
        Refusals = survey.GetRefusals(device);
        Interfaces = survey.GetInterfaces(device.Address);
        Disks = survey.GetDisks(device.Address);
        Group = device.IommuGroup is int number ? new PciBus(host.Root).GetGroup(number) : null;
        Entry = new BindingJournal(host.Root).Find(device.Address);
        IsPersistent = PersistentDevices.Read(host.Root).Find(device.Address) is not null;
        Driverctl = new DriverctlOverrides(host.Root).Find(device.Address);
        // Also while the kernel takes it away from VFIO: it has no driver any more then, and waits for who holds it.
        Holders = device.HasVfioDriver || device is { Driver: null, IsBridge: false } ? new DeviceHolders(host.Root).GetHolders(device) : [];
        Counts = HostInterruptCount.Read(host.Root, Details.MessageInterrupts.Count != 0 ? Details.MessageInterrupts : Details.Interrupt is int line ? [line] : []);
    }

    public PciDeviceInfo Device { get; }

    public PciDeviceDetails Details { get; }

    public IReadOnlyList<BindingRefusal> Refusals { get; }

    public IReadOnlyList<string> Interfaces { get; }

    public IReadOnlyList<string> Disks { get; }

    public IommuGroup? Group { get; }

    /// <summary>Who has it open through VFIO.</summary>
    public IReadOnlyList<DeviceHolder> Holders { get; }

    /// <summary>How often its interrupts have come.</summary>
    public IReadOnlyList<HostInterruptCount> Counts { get; }

    /// <summary>What the journal says, where the device is taken.</summary>
    public JournalEntry? Entry { get; }

    /// <summary>Whether it is taken after every reboot.</summary>
    public bool IsPersistent { get; }

    /// <summary>The driver that driverctl gives it to at every boot; <see langword="null"/> for none.</summary>
    public string? Driverctl { get; }
}
