using Vfio.Binding;

namespace Vfio;

/// <summary>What handing some devices back would do. Computing it changes nothing.</summary>
public sealed class ReleasePlan
{
    private readonly ReleaseOptions _options;
    private readonly IHostChanges _changes;
    private readonly BindingJournal _journal;
    private readonly DeviceSteps _kit;

    private ReleasePlan(IReadOnlyList<JournalEntry> entries, ReleaseOptions options)
    {
        Entries = entries;
        _options = options;
        _changes = options.Changes ?? new HostChanges();
        _journal = new BindingJournal(options.Host);
        _kit = new DeviceSteps(options.Host, _changes, _journal);
    }

    /// <summary>The devices that are handed back.</summary>
    public IReadOnlyList<JournalEntry> Entries { get; }

    /// <summary>Plans to hand back some devices.</summary>
    /// <param name="addresses">The devices.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="VfioException">The journal knows nothing of one of the devices.</exception>
    public static ReleasePlan Compute(IReadOnlyList<PciAddress> addresses, ReleaseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        options ??= new ReleaseOptions();
        BindingJournal journal = new(options.Host);
        PciBus bus = new(options.Host);
        List<JournalEntry> entries = [.. addresses.Distinct().Select(address => journal.Find(address) ?? throw NotTaken(bus, address))];
        // Virtual functions vanish with their device: those that are taken are handed back before it.
        IEnumerable<PciAddress> functions = addresses.Select(bus.Find).OfType<PciDeviceInfo>().SelectMany(device => device.FindVirtualFunctions()).Select(function => function.Address);
        entries.AddRange(functions.Except(addresses).Select(journal.Find).OfType<JournalEntry>().ToArray());
        return new ReleasePlan(InOrder(bus, entries), options);
    }

    /// <summary>Plans to hand back every device that is taken.</summary>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan; without entries where nothing is taken.</returns>
    public static ReleasePlan ComputeAll(ReleaseOptions? options = null)
    {
        options ??= new ReleaseOptions();
        return new ReleasePlan(InOrder(new PciBus(options.Host), new BindingJournal(options.Host).Entries()), options);
    }

    /// <summary>Every change of the host, in order, as it would be made now.</summary>
    /// <returns>The steps of all devices.</returns>
    /// <exception cref="VfioException">A device cannot be handed back: a program holds it, or its entry is damaged.</exception>
    public IReadOnlyList<BindingStep> Steps() =>
        [.. Entries.SelectMany((entry, index) => PlanFor(entry, [.. Entries.Take(index).Select(earlier => earlier.Address)]))];

    /// <summary>Hands the devices back, each for itself: one that fails does not keep the others.</summary>
    /// <remarks>Waits for programs that hold a device, where told to, then for other programs that are changing bindings. May be repeated after a failure or a kill: it goes on
    /// where it was.</remarks>
    /// <returns>How it went, for each entry.</returns>
    /// <exception cref="VfioException">The journal cannot be locked: not permitted, for example.</exception>
    public IReadOnlyList<ReleaseOutcome> Execute()
    {
        if (Entries.Count == 0 && !_journal.HasUnfinished)
        {
            return [];
        }

        // Before the lock: others must not wait for a program that holds this device. With force the kernel itself asks that program.
        HolderWait wait = new(_options.Force ? null : _options.Patience, _changes);
        foreach (JournalEntry entry in Entries)
        {
            wait.For(entry.Address, () => DeviceRestorer.FindHolders(_kit, _options.Host, entry));
        }

        using IDisposable alone = _journal.Lock(_changes);
        return [.. Entries.Select(Restore)];
    }

    // Virtual functions first.
    private static IReadOnlyList<JournalEntry> InOrder(PciBus bus, IEnumerable<JournalEntry> entries) =>
        [.. entries.OrderBy(entry => bus.Find(entry.Address)?.ReadPhysicalFunction() is null)];

    private ReleaseOutcome Restore(JournalEntry entry)
    {
        try
        {
            _kit.Dropped.Clear();
            // Another program may have handed it back while this one waited for the lock.
            if (_journal.Find(entry.Address) is JournalEntry current)
            {
                PlanFor(current, []).ForEach(step => step.Run());
            }

            return new ReleaseOutcome(entry, _kit.Bus.Find(entry.Address), null) { Dropped = [.. _kit.Dropped] };
        }
        catch (VfioException e)
        {
            return new ReleaseOutcome(entry, _kit.Bus.Find(entry.Address), e);
        }
    }

    private List<BindingStep> PlanFor(JournalEntry entry, IReadOnlyCollection<PciAddress> released) =>
        DeviceRestorer.Plan(_kit, _journal, _options.Host, entry, _options.Force, _changes, released, _options.Patience?.Time);

    private static VfioException NotTaken(PciBus bus, PciAddress address) => bus.Find(address) is not PciDeviceInfo device
        ? new VfioException("release", address.ToString(), "no PCI device has this address, and the journal does not know it", "vfio status shows what is taken")
        : new VfioException(
            "release", address.ToString(),
            device.HasVfioDriver ? $"it is with {device.Driver}, but was not taken by vfio" : "it is not taken",
            "vfio status shows what is taken");
}

/// <summary>How handing one device back went.</summary>
/// <param name="Entry">What the journal remembered.</param>
/// <param name="Device">The device as it is now; <see langword="null"/> where it is gone.</param>
/// <param name="Error">Why it did not work; <see langword="null"/> where it did.</param>
public sealed record ReleaseOutcome(JournalEntry Entry, PciDeviceInfo? Device, VfioException? Error)
{
    /// <summary>What no longer fits what the journal remembers, and was left alone rather than guessed: the end of a sentence each.</summary>
    public IReadOnlyList<string> Dropped { get; init; } = [];
}
