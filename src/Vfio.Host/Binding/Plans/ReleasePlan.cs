using Vfio.Pci;

namespace Vfio.Host;

/// <summary>What handing some devices back would do.</summary>
public sealed class ReleasePlan : ChangePlan
{
    private readonly HostContext _context;
    private readonly ReleaseOptions _options;
    private readonly bool _isAll;

    private ReleasePlan(HostContext context, IReadOnlyList<JournalEntry> entries, ReleaseOptions options, bool isAll)
    {
        (_context, _options, _isAll) = (context, options, isAll);
        Entries = entries;
        List<BindingStep> steps = [.. RemoveDamaged(context)];
        List<BindingRefusal> refusals = [];
        List<VfioException> errors = [];
        List<PciAddress> released = [];
        foreach (JournalEntry entry in entries)
        {
            try
            {
                DeviceRelease release = new(context, options, entry, isAll);
                steps.AddRange(release.Plan(released));
                refusals.AddRange(release.Refusals);
            }
            catch (VfioException e)
            {
                errors.Add(e);
            }

            released.Add(entry.Address);
        }

        (Steps, Refusals, Errors) = (steps, refusals, errors);
    }

    /// <summary>The devices that are handed back; of those that are persistent and not taken now, what the file of persistent devices has.</summary>
    public IReadOnlyList<JournalEntry> Entries { get; }

    /// <summary>Every change of the host, in order, as it would be made now; none of a device that is refused, or of which nothing can be said (<see cref="Errors"/>).</summary>
    public override IReadOnlyList<BindingStep> Steps { get; }

    /// <summary>Devices that cannot be handed back now: a program holds one, or a change of it has not ended. The others can.</summary>
    public override IReadOnlyList<BindingRefusal> Refusals { get; }

    /// <summary>What went wrong with devices that were looked at: an entry is damaged, the kernel does not answer. The others can be handed back.</summary>
    public IReadOnlyList<VfioException> Errors { get; }

    /// <summary>Plans to hand back some devices.</summary>
    /// <param name="addresses">The devices.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="VfioException">Neither the journal nor the file of persistent devices knows one of the devices.</exception>
    public static ReleasePlan Compute(IReadOnlyList<PciAddress> addresses, ReleaseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        options ??= new ReleaseOptions();
        HostContext context = HostContext.For(options);
        List<JournalEntry> entries = [.. addresses.Distinct().Select(address =>
            context.Journal.Find(address) ?? context.Persistent.Find(address)?.ToEntry() ?? FindForeign(context, address, options) ?? throw NotTaken(context.Bus, address))];
        entries.AddRange(options.Taking is null ? UnboundWith(context, [.. entries.Select(entry => entry.Address)]) : []);
        // Virtual functions vanish with their device: those that are taken are handed back before it.
        IEnumerable<PciAddress> functions = addresses.Select(context.Bus.Find).OfType<PciDeviceInfo>().SelectMany(device => device.GetVirtualFunctions()).Select(function => function.Address);
        entries.AddRange(functions.Except(addresses).Select(context.Journal.Find).OfType<JournalEntry>().ToArray());
        return Make(context, entries, options, isAll: false);
    }

    /// <summary>Plans to hand back every device that is taken or persistent.</summary>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan; without entries where nothing is taken.</returns>
    public static ReleasePlan ComputeAll(ReleaseOptions? options = null)
    {
        options ??= new ReleaseOptions();
        HostContext context = HostContext.For(options);
        IReadOnlyList<JournalEntry> taken = context.Journal.GetEntries();
        IEnumerable<JournalEntry> persistent = context.Persistent.Entries.Where(device => taken.All(other => other.Address != device.Address)).Select(device => device.ToEntry());
        return Make(context, taken.Concat(persistent).OrderBy(entry => entry.Address), options, isAll: true);
    }

    /// <summary>Hands the devices back, each for itself: one that fails or is refused does not keep the others. Each is looked at again first.</summary>
    /// <remarks>Waits for other programs that are changing bindings. May be repeated after a failure or a kill: it goes on where it was.</remarks>
    /// <returns>How it went, for each entry.</returns>
    /// <exception cref="VfioException">The journal cannot be locked: not permitted, for example.</exception>
    public IReadOnlyList<ReleaseOutcome> Execute()
    {
        HostContext now = _context.Afresh();
        try
        {
            using (StepRunner runner = new(now))
            {
                runner.Run(RemoveDamaged(now));
            }

            PciAddress[] unfinished = _isAll ? [.. now.Journal.Unfinished()] : [];
            if (unfinished.Length != 0)
            {
                // To lock them is to remove what was not finished.
                now.Steps.Lock(unfinished).Dispose();
            }

            return [.. Entries.Select(entry => new DeviceRelease(now.Afresh(), _options, entry, _isAll).Execute())];
        }
        finally
        {
            now.Changes.EndWriter();
        }
    }

    /// <summary>Looks what is wrong with the file of persistent devices: whether these devices are taken again at the next boot is not known then.</summary>
    /// <returns>The trouble; <see langword="null"/> for a sound file, and where there is none.</returns>
    public VfioException? GetParseError() => PersistentDevices.Read(_options.Host) is { ParseError: not null } persistent ? persistent.Damaged() : null;

    // Virtual functions first.
    private static ReleasePlan Make(HostContext context, IEnumerable<JournalEntry> entries, ReleaseOptions options, bool isAll)
    {
        try
        {
            return new ReleasePlan(context, [.. entries.OrderBy(entry => context.Bus.Find(entry.Address)?.GetPhysicalFunction() is null)], options, isAll);
        }
        finally
        {
            context.Changes.EndWriter();
        }
    }

    // Nothing of it can be believed, so that no device can be taken out of it: it goes as a whole, with all.
    private BindingStep[] RemoveDamaged(HostContext context) => _isAll && _options.Force ? [.. DeviceRelease.Files(context).Remove([], [], force: true)] : [];

    // What was only unbound with a group goes back with the last device of it.
    private static JournalEntry[] UnboundWith(HostContext context, HashSet<PciAddress> released)
    {
        int? GroupOf(PciAddress address) => context.Bus.Find(address)?.IommuGroup;
        JournalEntry[] left = [.. context.Journal.GetEntries().Where(entry => !released.Contains(entry.Address))];
        HashSet<int> free = [.. released.Select(GroupOf).OfType<int>().Except(left.Where(entry => entry is { IsUnbound: false, IsBound: true }).Select(entry => GroupOf(entry.Address)).OfType<int>())];
        return [.. left.Where(entry => entry.IsUnbound && GroupOf(entry.Address) is int group && free.Contains(group))];
    }

    // What something else took is handed back only by its name, and when forced: nobody wrote down what it was before.
    private static JournalEntry? FindForeign(HostContext context, PciAddress address, ReleaseOptions options) =>
        options.Force && context.Bus.Find(address) is { HasVfioDriver: true } device ? ForeignTaking.Describe(device, driver: null, module: null) : null;

    private static VfioException NotTaken(PciBus bus, PciAddress address) => bus.Find(address) is not PciDeviceInfo device
        ? new VfioException("release", address.ToString(), "no PCI device has this address, and the journal does not know it", "vfio status shows what is taken")
        : new VfioException(
            "release", address.ToString(),
            device.HasVfioDriver ? $"it is with {device.Driver}, but was not taken by vfio" : "it is not taken",
            device.HasVfioDriver ? $"vfio release --force {address} gives it to the driver that the kernel's modules have for it" : "vfio status shows what is taken");
}
