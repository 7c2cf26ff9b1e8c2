using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents a process that has a device open, and the memory that it has locked for DMA.</summary>
/// <param name="Process">The process.</param>
/// <param name="Memory">The memory that it has locked, and its limit; <see langword="null"/> if this user may not see
/// it.</param>
internal sealed record HolderStatus(DeviceHolder Process, LockedMemoryUse? Memory);

/// <summary>Represents the state of a device, read once: its binding and the processes that have it open.</summary>
/// <param name="Name">The device, by the name the user gave or by its address.</param>
internal sealed record DeviceStatus(string Name)
{
    /// <summary>Gets the journal entry; <see langword="null"/> if the device is not bound.</summary>
    public JournalEntry? Entry { get; init; }

    /// <summary>
    /// Gets the entry in the file of persistent devices; <see langword="null"/> if the device is not persistent.
    /// </summary>
    public PersistentDevice? Persistent { get; init; }

    /// <summary>
    /// Gets the driver that driverctl binds the device to at every boot; <see langword="null"/> if none exists.
    /// </summary>
    public string? Driverctl { get; init; }

    /// <summary>
    /// Gets the device as it is now; <see langword="null"/> for a device that no longer exists, and for a device model.
    /// </summary>
    public PciDeviceInfo? Device { get; init; }

    /// <summary>Gets the identity; <see langword="null"/> for a device that no longer exists.</summary>
    public DeviceIdentity? Identity { get; init; }

    public IReadOnlyList<HolderStatus> Holders { get; init; } = [];

    /// <summary>Gets the processes that have some VFIO device open, possibly this one.</summary>
    public IReadOnlyList<DeviceHolder> Possible { get; init; } = [];

    /// <summary>Gets the processes that the kernel does not allow anyone to examine at the moment.</summary>
    public IReadOnlyList<DeviceHolder> Unexamined { get; init; } = [];

    /// <summary>
    /// Gets the process that waits in the kernel for an unfinished change of the device; <see langword="null"/> if
    /// there is none.
    /// </summary>
    public int? Unfinished { get; init; }

    /// <summary>
    /// Gets whether another program has started to unbind the device from a VFIO driver and has not finished.
    /// </summary>
    public bool IsLeaving { get; init; }

    public bool IsModel { get; init; }

    /// <summary>Gets whether there is a journal entry that can be read.</summary>
    public bool IsSound => Entry is { ParseError: null };

    /// <summary>Gets the description of a problem; <see langword="null"/> if none exists.</summary>
    public string? Trouble => Entry switch
    {
        null => PersistentTrouble,
        { ParseError: string damage } => $"corrupt journal entry: {damage}",
        _ when Unfinished is int process => $"unfinished change: process {process} waits in the kernel",
        _ when Device is null => "the device no longer exists",
        _ when IsLeaving => "another program's unbind has not finished: the kernel waits for the holder",
        { IsBound: false } => PersistentTrouble,
        { IsUnbound: true } => Device.Driver is null
            ? null
            : "not unbound: a bind or release was interrupted, or another program rebound it",
        _ when !Device.HasVfioDriver =>
            "has no VFIO driver: a bind or release was interrupted, or another program rebound it",
        _ => null,
    };

    // The device is not bound, although it should have been bound at boot.
    private string? PersistentTrouble => Persistent switch
    {
        null => null,
        _ when Device is null => "not bound: there is no device at this address",
        { VendorId: ushort vendor, DeviceId: ushort device }
            when (vendor, device) != (Device.VendorId, Device.DeviceId) =>
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"not bound: there is another card at this address, {Device.VendorId:x4}:{Device.DeviceId:x4} instead "
                + $"of {vendor:x4}:{device:x4}"),
        _ => $"not bound: sudo vfio replug {Name} tries again, and reports the reason",
    };
}

/// <summary>Reads the state of devices.</summary>
internal sealed class StatusLook(CliHost host)
{
    private readonly PciBus _bus = new(host.Root);
    private readonly BindingJournal _journal = new(host.Root);
    private readonly DeviceHolders _holders = new(host.Root);
    private readonly DmaLimits _limits = new(host.Root);
    private readonly PersistentDevices _persistent = PersistentDevices.Read(host.Root);
    private readonly DriverctlOverrides _driverctl = new(host.Root);

    /// <summary>Gets why the file of persistent devices is invalid; <see langword="null"/> if it is valid.</summary>
    public string? Damage =>
        _persistent.ParseError is null ? null : $"{_persistent.Path}: {_persistent.ParseError}; the file is ignored";

    /// <summary>Returns the state of all bound and all persistent devices.</summary>
    public DeviceStatus[] AtTaken()
    {
        IReadOnlyList<JournalEntry> entries = _journal.GetEntries();
        return [.. entries.Select(entry => entry.Address)
            .Union(_persistent.Entries.Select(entry => entry.Address))
            .Order()
            .Select(
                address => Of(address, entries.FirstOrDefault(entry => entry.Address == address), _bus.Find(address)))];
    }

    /// <summary>Returns the state of one device.</summary>
    /// <exception cref="VfioException">The device does not exist, and the journal does not contain it.</exception>
    public DeviceStatus At(DeviceTarget target)
    {
        if (target is not HostTarget { Address: PciAddress address })
        {
            return new DeviceStatus(target.Name) { IsModel = true, Identity = target.Identify(host) };
        }

        // A device that no longer exists may still be in the journal.
        JournalEntry? entry = _journal.Find(address);
        return Of(
            address,
            entry,
            entry is null && _persistent.Find(address) is null ? _bus.Get(address) : _bus.Find(address));
    }

    private DeviceStatus Of(PciAddress address, JournalEntry? entry, PciDeviceInfo? device)
    {
        int? unfinished = _journal.FindUnfinishedChange(address);
        // While the kernel unbinds the device, it has no driver any more, but a process may still hold it.
        bool isHeld = device is not null
            && (device.HasVfioDriver || unfinished is not null || (device.Driver is null && entry is not null));
        HolderReport? report = isHeld ? _holders.Search(device!) : null;
        return new DeviceStatus(address.ToString())
        {
            Entry = entry,
            Unfinished = unfinished,
            Persistent = _persistent.Find(address),
            Driverctl = _driverctl.Find(address),
            Device = device,
            IsLeaving = isHeld
                && device!.Driver is null
                && unfinished is null
                && new HostSurvey(host.Root).GetRefusals(device).Any(refusal => refusal.Reason == RefusalReason.Busy),
            Identity = device is null ? null : DeviceIdentity.Of(device),
            Holders = [.. (report?.Holders ?? [])
                .Select(process => new HolderStatus(process, _limits.ReadLockedMemory(process.ProcessId)))],
            Possible = report?.Possible ?? [],
            Unexamined = report?.Unexamined ?? [],
        };
    }
}
