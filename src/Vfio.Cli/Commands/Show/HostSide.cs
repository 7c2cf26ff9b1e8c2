using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Represents how the host uses a device: driver, IOMMU group, place, names, and whether it can be bound.
/// </summary>
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
        // The kernel may be unbinding the device from VFIO: then it has no driver any more, and the kernel waits for
        // the holder.
        Holders = device.HasVfioDriver || device is { Driver: null, IsBridge: false }
            ? new DeviceHolders(host.Root).GetHolders(device)
            : [];
        Counts = HostInterruptCount.Read(host.Root, Details.MessageInterrupts.Count != 0 ? Details.MessageInterrupts
            : Details.Interrupt is int line ? [line]
            : []);
    }

    public PciDeviceInfo Device { get; }

    public PciDeviceDetails Details { get; }

    public IReadOnlyList<BindingRefusal> Refusals { get; }

    public IReadOnlyList<string> Interfaces { get; }

    public IReadOnlyList<string> Disks { get; }

    public IommuGroup? Group { get; }

    /// <summary>Gets the processes that have the device open through VFIO.</summary>
    public IReadOnlyList<DeviceHolder> Holders { get; }

    /// <summary>Gets how often each of its interrupts has occurred.</summary>
    public IReadOnlyList<HostInterruptCount> Counts { get; }

    /// <summary>Gets the journal entry, if the device is bound.</summary>
    public JournalEntry? Entry { get; }

    /// <summary>Gets whether the device is bound again after every reboot.</summary>
    public bool IsPersistent { get; }

    /// <summary>
    /// Gets the driver that driverctl binds the device to at every boot; <see langword="null"/> if none exists.
    /// </summary>
    public string? Driverctl { get; }
}
