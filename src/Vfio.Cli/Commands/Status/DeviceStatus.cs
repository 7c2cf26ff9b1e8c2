using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>A process that has a device open, and its memory that stays in place for DMA.</summary>
/// <param name="Process">The process.</param>
/// <param name="Memory">What it has locked and may; <see langword="null"/> where this user may not see it.</param>
internal sealed record HolderStatus(DeviceHolder Process, LockedMemoryUse? Memory);

/// <summary>Who has a device, looked at once.</summary>
/// <param name="Name">The device, as it was named or as its address.</param>
internal sealed record DeviceStatus(string Name)
{
    /// <summary>What the journal says; <see langword="null"/> where the device is not taken.</summary>
    public JournalEntry? Entry { get; init; }

    /// <summary>What the file of persistent devices says; <see langword="null"/> where the device is not persistent.</summary>
    public PersistentDevice? Persistent { get; init; }

    /// <summary>The driver that driverctl gives it to at every boot; <see langword="null"/> for none.</summary>
    public string? Driverctl { get; init; }

    /// <summary>The device as it is now; <see langword="null"/> where it is gone, and for a model.</summary>
    public PciDeviceInfo? Device { get; init; }

    /// <summary>What it is; <see langword="null"/> where it is gone.</summary>
    public DeviceIdentity? Identity { get; init; }

    public IReadOnlyList<HolderStatus> Holders { get; init; } = [];

    /// <summary>Processes that have some VFIO device, and may have this one.</summary>
    public IReadOnlyList<DeviceHolder> Possible { get; init; } = [];

    /// <summary>Processes that the kernel lets nobody look into just now.</summary>
    public IReadOnlyList<DeviceHolder> Unexamined { get; init; } = [];

    /// <summary>The process that waits in the kernel for an unfinished change of it; <see langword="null"/> for none.</summary>
    public int? Unfinished { get; init; }

    /// <summary>Whether another program's unbind of it from a VFIO driver has not ended.</summary>
    public bool IsLeaving { get; init; }

    public bool IsModel { get; init; }

    /// <summary>Whether the journal's entry can be read.</summary>
    public bool IsSound => Entry is { ParseError: null };

    /// <summary>What is not as it should be.</summary>
    public string? Trouble => Entry switch
    {
        null => PersistentTrouble,
        { ParseError: string damage } => $"damaged journal entry: {damage}",
        _ when Unfinished is int process => $"an unfinished change: process {process} waits in the kernel",
        _ when Device is null => "the device is gone",
        _ when IsLeaving => "an unbind of it by another program has not ended: the kernel waits for who holds it",
        { IsBound: false } => PersistentTrouble,
        { IsUnbound: true } => Device.Driver is null ? null : "not unbound: a bind or release was interrupted, or somebody rebound it",
        _ when !Device.HasVfioDriver => "not with VFIO: a bind or release was interrupted, or somebody rebound it",
        _ => null,
    };

    // Not taken, though it should have been at boot.
    private string? PersistentTrouble => Persistent switch
    {
        null => null,
        _ when Device is null => "not taken: no device is there",
        { VendorId: ushort vendor, DeviceId: ushort device } when (vendor, device) != (Device.VendorId, Device.DeviceId) =>
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"not taken: another card is there, {Device.VendorId:x4}:{Device.DeviceId:x4} and not {vendor:x4}:{device:x4}"),
        _ => $"not taken: sudo vfio replug {Name} tries again, and says why not",
    };
}

/// <summary>Looks who has devices.</summary>
internal sealed class StatusLook(CliHost host)
{
    private readonly PciBus _bus = new(host.Root);
    private readonly BindingJournal _journal = new(host.Root);
    private readonly DeviceHolders _holders = new(host.Root);
    private readonly DmaLimits _limits = new(host.Root);
    private readonly PersistentDevices _persistent = PersistentDevices.Read(host.Root);
    private readonly DriverctlOverrides _driverctl = new(host.Root);

    /// <summary>Why the file of persistent devices cannot be believed.</summary>
    public string? Damage => _persistent.ParseError is null ? null : $"{_persistent.Path}: {_persistent.ParseError}; nothing of it is used";

    /// <summary>At all that are taken, and those that are persistent.</summary>
    public DeviceStatus[] AtTaken()
    {
        IReadOnlyList<JournalEntry> entries = _journal.GetEntries();
        return [.. entries.Select(entry => entry.Address)
            .Union(_persistent.Entries.Select(entry => entry.Address))
            .Order()
            .Select(address => Of(address, entries.FirstOrDefault(entry => entry.Address == address), _bus.Find(address)))];
    }

    /// <summary>At one.</summary>
    /// <exception cref="VfioException">There is no such device, nor was one taken.</exception>
    public DeviceStatus At(DeviceTarget target)
    {
        if (target is not HostTarget { Address: PciAddress address })
        {
            return new DeviceStatus(target.Name) { IsModel = true, Identity = target.Identify(host) };
        }

        // One that is gone was taken, where the journal has it.
        JournalEntry? entry = _journal.Find(address);
        return Of(address, entry, entry is null && _persistent.Find(address) is null ? _bus.Get(address) : _bus.Find(address));
    }

    private DeviceStatus Of(PciAddress address, JournalEntry? entry, PciDeviceInfo? device)
    {
        int? unfinished = _journal.FindUnfinishedChange(address);
        // While the kernel takes it away, it has no driver any more, but may still be held.
        bool isHeld = device is not null && (device.HasVfioDriver || unfinished is not null || (device.Driver is null && entry is not null));
        HolderReport? report = isHeld ? _holders.Search(device!) : null;
        return new DeviceStatus(address.ToString())
        {
            Entry = entry,
            Unfinished = unfinished,
            Persistent = _persistent.Find(address),
            Driverctl = _driverctl.Find(address),
            Device = device,
            IsLeaving = isHeld && device!.Driver is null && unfinished is null && new HostSurvey(host.Root).GetRefusals(device).Any(refusal => refusal.Reason == RefusalReason.Busy),
            Identity = device is null ? null : DeviceIdentity.Of(device),
            Holders = [.. (report?.Holders ?? []).Select(process => new HolderStatus(process, _limits.ReadLockedMemory(process.ProcessId)))],
            Possible = report?.Possible ?? [],
            Unexamined = report?.Unexamined ?? [],
        };
    }
}
