using Vfio.Pci;

namespace Vfio.Host;

/// <summary>What handing some devices back would do. Computing it changes nothing.</summary>
public sealed class ReleasePlan
{
    private readonly ReleaseOptions _options;
    private readonly IHostChanges _changes;
    private readonly BindingJournal _journal;
    private readonly DeviceSteps _kit;
    private readonly DeviceRestorer _restorer;
    private readonly bool _isAll;

    private ReleasePlan(IReadOnlyList<JournalEntry> entries, ReleaseOptions options, bool isAll)
    {
        Entries = entries;
        _isAll = isAll;
        _options = options;
        _changes = options.Changes ?? new HostChanges(options.Helper);
        _journal = new BindingJournal(options.Host);
        _kit = new DeviceSteps(options.Host, _changes, _journal, options.Patience);
        _restorer = new DeviceRestorer(_kit, _journal, options.Host, _changes);
    }

    /// <summary>The devices that are handed back; of those that are persistent and not taken now, what the file of persistent devices has.</summary>
    public IReadOnlyList<JournalEntry> Entries { get; }

    /// <summary>
    /// What is wrong with the file of persistent devices: whether these devices are taken again at the next boot is not known then. <see langword="null"/> for a sound file, and where there is none.
    /// </summary>
    public VfioException? Trouble => PersistentDevices.Read(_options.Host) is { Damage: not null } persistent ? persistent.Damaged() : null;

    /// <summary>Plans to hand back some devices.</summary>
    /// <param name="addresses">The devices.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="VfioException">Neither the journal nor the file of persistent devices knows one of the devices.</exception>
    public static ReleasePlan Compute(IReadOnlyList<PciAddress> addresses, ReleaseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        options ??= new ReleaseOptions();
        BindingJournal journal = new(options.Host);
        PciBus bus = new(options.Host);
        PersistentDevices persistent = PersistentDevices.Read(options.Host);
        List<JournalEntry> entries = [.. addresses.Distinct().Select(address => journal.Find(address) ?? persistent.Find(address)?.ToEntry() ?? FindForeign(bus, address, options) ?? throw NotTaken(bus, address))];
        entries.AddRange(options.Taking is null ? UnboundWith(bus, journal, [.. entries.Select(entry => entry.Address)]) : []);
        // Virtual functions vanish with their device: those that are taken are handed back before it.
        IEnumerable<PciAddress> functions = addresses.Select(bus.Find).OfType<PciDeviceInfo>().SelectMany(device => device.FindVirtualFunctions()).Select(function => function.Address);
        entries.AddRange(functions.Except(addresses).Select(journal.Find).OfType<JournalEntry>().ToArray());
        return new ReleasePlan(InOrder(bus, entries), options, isAll: false);
    }

    /// <summary>Plans to hand back every device that is taken or persistent.</summary>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan; without entries where nothing is taken.</returns>
    public static ReleasePlan ComputeAll(ReleaseOptions? options = null)
    {
        options ??= new ReleaseOptions();
        IReadOnlyList<JournalEntry> taken = new BindingJournal(options.Host).Entries();
        IEnumerable<JournalEntry> persistent = PersistentDevices.Read(options.Host).Entries.Where(device => taken.All(other => other.Address != device.Address)).Select(device => device.ToEntry());
        return new ReleasePlan(InOrder(new PciBus(options.Host), taken.Concat(persistent).OrderBy(entry => entry.Address)), options, isAll: true);
    }

    /// <summary>Every change of the host, in order, as it would be made now.</summary>
    /// <returns>The steps of all devices.</returns>
    /// <exception cref="VfioException">A device cannot be handed back: a program holds it, or its entry is damaged.</exception>
    public IReadOnlyList<BindingStep> Steps() =>
        [.. RemoveDamaged(), .. Entries.SelectMany((entry, index) => AllStepsFor(entry.Address, [.. Entries.Take(index).Select(earlier => earlier.Address)]))];

    /// <summary>Hands the devices back, each for itself: one that fails does not keep the others.</summary>
    /// <remarks>Waits for programs that hold a device, where told to, then for other programs that are changing bindings. May be repeated after a failure or a kill: it goes on
    /// where it was.</remarks>
    /// <returns>How it went, for each entry.</returns>
    /// <exception cref="VfioException">The journal cannot be locked: not permitted, for example.</exception>
    public IReadOnlyList<ReleaseOutcome> Execute()
    {
        // Before the locks: others must not wait for a program that holds this device. With force the kernel itself asks that program.
        HolderWait wait = new(_options.Force ? null : _options.Patience, _changes);
        foreach (JournalEntry entry in Entries)
        {
            wait.For(entry.Address, () => Find(entry.Address) is JournalEntry now ? _restorer.FindHolders(now) : []);
        }

        try
        {
            using (StepRunner runner = new(_journal, _changes))
            {
                runner.Run(RemoveDamaged());
            }

            PciAddress[] unfinished = _isAll ? [.. _journal.Unfinished()] : [];
            if (unfinished.Length != 0)
            {
                // To lock them is to remove what was not finished.
                _kit.Lock(unfinished).Dispose();
            }

            return [.. Entries.Select(Restore)];
        }
        finally
        {
            _changes.EndWriter();
        }
    }

    // Nothing of it can be believed, so that no device can be taken out of it: it goes as a whole, with all.
    private BindingStep[] RemoveDamaged() => _isAll && _options.Force ? [.. Files().Remove([], [], force: true)] : [];

    // What was only unbound with a group goes back with the last device of it.
    private static JournalEntry[] UnboundWith(PciBus bus, BindingJournal journal, HashSet<PciAddress> released)
    {
        int? GroupOf(PciAddress address) => bus.Find(address)?.IommuGroup;
        JournalEntry[] left = [.. journal.Entries().Where(entry => !released.Contains(entry.Address))];
        HashSet<int> free = [.. released.Select(GroupOf).OfType<int>().Except(left.Where(entry => entry is { IsUnbound: false, IsTaken: true }).Select(entry => GroupOf(entry.Address)).OfType<int>())];
        return [.. left.Where(entry => entry.IsUnbound && GroupOf(entry.Address) is int group && free.Contains(group))];
    }

    // As it is now, where it is still the taking that is meant.
    private JournalEntry? Find(PciAddress address) =>
        _journal.Find(address) is JournalEntry entry && (_options.Taking is null || entry.IsTakingOf(_options.Taking)) ? entry : null;

    // Virtual functions first.
    private static IReadOnlyList<JournalEntry> InOrder(PciBus bus, IEnumerable<JournalEntry> entries) =>
        [.. entries.OrderBy(entry => bus.Find(entry.Address)?.ReadPhysicalFunction() is null)];

    private ReleaseOutcome Restore(JournalEntry entry)
    {
        _kit.Dropped.Clear();
        try
        {
            using IDisposable alone = _kit.LockWithFunctions(entry.Address);
            return RestoreAlone(entry);
        }
        catch (VfioException e)
        {
            return new ReleaseOutcome(entry, _kit.Bus.Find(entry.Address), e) { Dropped = [.. _kit.Dropped] };
        }
    }

    private ReleaseOutcome RestoreAlone(JournalEntry entry)
    {
        bool wasPersistent = _options.Taking is null && PersistentDevices.Read(_options.Host).Find(entry.Address) is not null;

        // Another program may have handed it back while this one waited for the lock.
        JournalEntry? current = Find(entry.Address);
        bool isForeign = current is null && IsForeign(entry.Address);
        VfioException? error = null;
        try
        {
            if (current is not null)
            {
                _kit.Settle(entry.Address, "release");
            }

            using StepRunner runner = new(_journal, _changes);
            if (isForeign)
            {
                // From then on it is like any other, and a second call finishes what this one began.
                runner.Run(Foreign().Prepare(entry.Address));
                current = _journal.Find(entry.Address);
            }

            (IEnumerable<BindingStep> files, RestorePlan device) = PlanFor(entry.Address, current, [], _options.Force && !isForeign);
            runner.Share();
            runner.Run(files);
            device.Run(runner);
            if (isForeign && _kit.Bus.Find(entry.Address) is PciDeviceInfo now)
            {
                runner.Run(Foreign().Notes(now));
            }
            else if (_options.Taking is null && new DriverctlOverrides(_options.Host) is var driverctl && driverctl.Find(entry.Address) != entry.DriverBefore && driverctl.DescribeClaim(entry.Address) is string claim)
            {
                _kit.Dropped.Add(claim);
            }
        }
        catch (VfioException e)
        {
            error = e;
        }

        return new ReleaseOutcome(entry, _kit.Bus.Find(entry.Address), error)
        {
            WasTaken = current is { IsTaken: true } or { Damage: not null } || isForeign,
            WasPersistent = wasPersistent,
            Dropped = [.. _kit.Dropped],
        };
    }

    private IEnumerable<BindingStep> AllStepsFor(PciAddress address, IReadOnlyCollection<PciAddress> released)
    {
        (IEnumerable<BindingStep> files, RestorePlan device) = PlanFor(address, _journal.Find(address), released, _options.Force);
        return [.. files, .. device.All];
    }

    // Where it is to be taken again comes first: of all, these writes are the likeliest to fail, and what is taken still can be handed back later.
    private (IEnumerable<BindingStep> Files, RestorePlan Device) PlanFor(PciAddress address, JournalEntry? entry, IReadOnlyCollection<PciAddress> released, bool force)
    {
        RestorePlan device = entry is not null ? _restorer.Plan(entry, force, released)
            : IsForeign(address) ? Foreign().Plan(address, _restorer)
            : new RestorePlan([], () => []);
        PersistentFiles files = Files();
        if (_options.Taking is not null)
        {
            return entry is null ? ([], new RestorePlan([], () => [])) : (files.UnfollowUser([address], released), device);
        }

        if (entry is not { IsTaken: true } && PersistentDevices.Read(_options.Host).Find(address) is PersistentDevice known && _kit.Bus.Find(address) is PciDeviceInfo untaken)
        {
            BindingStep[] last = [.. _restorer.GiveUp(untaken, known.ToEntry())];
            Func<IReadOnlyList<BindingStep>> shared = device.Shared;
            device = device with { Shared = () => [.. shared(), .. last] };
        }

        return ([.. files.Remove([address], released, force: false), .. files.UnfollowUser([address], released)], device);
    }

    // One for each device: what fails with one takes back nothing of another's.
    private PersistentFiles Files() => new(_options.Host, _options.Files ?? new HostFiles(), _journal, givenProgram: null, device => device.Driver ?? PciDeviceInfo.VfioPciDriver);

    // What something else took is handed back only by its name, and when forced: nobody wrote down what it was before.
    private static JournalEntry? FindForeign(PciBus bus, PciAddress address, ReleaseOptions options) =>
        options.Force && bus.Find(address) is { HasVfioDriver: true } device ? ForeignTaking.Describe(device, driver: null, module: null) : null;

    private ForeignTaking Foreign() => new(_options.Host, _kit);

    private bool IsForeign(PciAddress address) => _options is { Force: true, Taking: null } && !_isAll && PersistentDevices.Read(_options.Host).Find(address) is null
        && _kit.Bus.Find(address) is { HasVfioDriver: true };

    private static VfioException NotTaken(PciBus bus, PciAddress address) => bus.Find(address) is not PciDeviceInfo device
        ? new VfioException("release", address.ToString(), "no PCI device has this address, and the journal does not know it", "vfio status shows what is taken")
        : new VfioException(
            "release", address.ToString(),
            device.HasVfioDriver ? $"it is with {device.Driver}, but was not taken by vfio" : "it is not taken",
            device.HasVfioDriver ? $"vfio release --force {address} gives it to the driver that the kernel's modules have for it" : "vfio status shows what is taken");
}

/// <summary>How handing one device back went.</summary>
/// <param name="Entry">What the journal remembered.</param>
/// <param name="Device">The device as it is now; <see langword="null"/> where it is gone.</param>
/// <param name="Error">Why it did not work; <see langword="null"/> where it did.</param>
public sealed record ReleaseOutcome(JournalEntry Entry, PciDeviceInfo? Device, VfioException? Error)
{
    /// <summary>What no longer fits what the journal remembers, and was left alone rather than guessed: the end of a sentence each.</summary>
    public IReadOnlyList<string> Dropped { get; init; } = [];

    /// <summary>Whether it was taken; a persistent device may not have been.</summary>
    public bool WasTaken { get; init; } = true;

    /// <summary>Whether it was persistent, and is no longer.</summary>
    public bool WasPersistent { get; init; }
}
