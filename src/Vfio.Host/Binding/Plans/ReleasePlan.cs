using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A plan for releasing devices.</summary>
public sealed class ReleasePlan : ChangePlan
{
    private readonly HostContext _context;
    private readonly ReleaseOptions _options;
    private readonly bool _isAll;

    private ReleasePlan(HostContext context, IReadOnlyList<JournalEntry> entries, ReleaseOptions options, bool isAll)
    {
        (_context, _options, _isAll) = (context, options, isAll);
        Entries = entries;
        List<BindingStep> steps = [.. RemoveCorrupt(context)];
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

    /// <summary>
    /// Gets the entries of the devices to release. For a device that is persistent but not bound now, the entry comes
    /// from the file of persistent devices.
    /// </summary>
    public IReadOnlyList<JournalEntry> Entries { get; }

    /// <summary>
    /// Gets every change of the host, in order, as of now; none for a device that is refused or that could not be
    /// examined (<see cref="Errors"/>).
    /// </summary>
    public override IReadOnlyList<BindingStep> Steps { get; }

    /// <summary>
    /// Gets the refusals for devices that cannot be released now, because a program holds them or a change of them is
    /// unfinished. The others can be released.
    /// </summary>
    public override IReadOnlyList<BindingRefusal> Refusals { get; }

    /// <summary>
    /// Gets the errors for devices that could not be examined, because an entry is corrupt or the kernel does not
    /// answer. The others can be released.
    /// </summary>
    public IReadOnlyList<VfioException> Errors { get; }

    /// <summary>Plans to release some devices.</summary>
    /// <param name="addresses">The devices.</param>
    /// <param name="options">How to release them; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="VfioException">
    /// One of the devices is neither in the journal nor in the file of persistent devices.
    /// </exception>
    public static ReleasePlan Compute(IReadOnlyList<PciAddress> addresses, ReleaseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        options ??= new ReleaseOptions();
        HostContext context = HostContext.For(options);
        List<JournalEntry> entries = [.. addresses.Distinct().Select(address =>
            context.Journal.Find(address)
            ?? context.Persistent.Find(address)?.ToEntry()
            ?? FindForeign(context, address, options)
            ?? throw NotBound(context.Bus, address))];
        entries.AddRange(
            options.OnlyBind is null ? UnboundWith(context, [.. entries.Select(entry => entry.Address)]) : []);
        // Virtual functions vanish with their physical function, so those that are bound are released before it.
        IEnumerable<PciAddress> functions = addresses.Select(context.Bus.Find)
            .OfType<PciDeviceInfo>()
            .SelectMany(device => device.GetVirtualFunctions())
            .Select(function => function.Address);
        entries.AddRange(functions.Except(addresses).Select(context.Journal.Find).OfType<JournalEntry>().ToArray());
        return Make(context, entries, options, isAll: false);
    }

    /// <summary>Plans to release every device that is bound or persistent.</summary>
    /// <param name="options">How to release them; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan; without entries if no device is bound or persistent.</returns>
    public static ReleasePlan ComputeAll(ReleaseOptions? options = null)
    {
        options ??= new ReleaseOptions();
        HostContext context = HostContext.For(options);
        IReadOnlyList<JournalEntry> taken = context.Journal.GetEntries();
        IEnumerable<JournalEntry> persistent = context.Persistent.Entries
            .Where(device => taken.All(other => other.Address != device.Address))
            .Select(device => device.ToEntry());
        return Make(context, taken.Concat(persistent).OrderBy(entry => entry.Address), options, isAll: true);
    }

    /// <summary>
    /// Releases the devices, each independently of the others: if one fails or is refused, the others are still
    /// released. The plan of each is computed again first.
    /// </summary>
    /// <remarks>
    /// Waits for other programs that are changing bindings. May be executed again after a failure or a kill; it then
    /// continues where it stopped.
    /// </remarks>
    /// <returns>The result for each entry.</returns>
    /// <exception cref="VfioException">The journal cannot be locked, for example for lack of permission.</exception>
    public IReadOnlyList<ReleaseOutcome> Execute()
    {
        HostContext now = _context.Reread();
        try
        {
            using (StepRunner runner = new(now))
            {
                runner.Run(RemoveCorrupt(now));
            }

            PciAddress[] unfinished = _isAll ? [.. now.Journal.Unfinished()] : [];
            if (unfinished.Length != 0)
            {
                // Taking the lock removes the unfinished entries.
                now.Steps.Lock(unfinished).Dispose();
            }

            return [.. Entries.Select(entry => new DeviceRelease(now.Reread(), _options, entry, _isAll).Execute())];
        }
        finally
        {
            now.Changes.EndWriter();
        }
    }

    /// <summary>
    /// Reads what is wrong with the file of persistent devices. If something is, it is unknown whether these devices
    /// will be bound again at the next boot.
    /// </summary>
    /// <returns>The error; <see langword="null"/> for a valid or missing file.</returns>
    public VfioException? GetParseError() =>
        PersistentDevices.Read(_options.Host) is { ParseError: not null } persistent ? persistent.Corrupt() : null;

    // Virtual functions come first.
    private static ReleasePlan Make(
        HostContext context, IEnumerable<JournalEntry> entries, ReleaseOptions options, bool isAll)
    {
        try
        {
            return new ReleasePlan(
                context,
                [.. entries.OrderBy(entry => context.Bus.Find(entry.Address)?.GetPhysicalFunction() is null)],
                options,
                isAll);
        }
        finally
        {
            context.Changes.EndWriter();
        }
    }

    // No single device can be removed from a corrupt file. The file is removed as a whole, when all devices are
    // released.
    private BindingStep[] RemoveCorrupt(HostContext context) =>
        _isAll && _options.Force ? [.. DeviceRelease.Files(context).Remove([], [], force: true)] : [];

    // A device that was only unbound along with its group is released with the last bound device of the group.
    private static JournalEntry[] UnboundWith(HostContext context, HashSet<PciAddress> released)
    {
        int? GroupOf(PciAddress address) => context.Bus.Find(address)?.IommuGroup;
        JournalEntry[] left = [.. context.Journal.GetEntries().Where(entry => !released.Contains(entry.Address))];
        HashSet<int> free = [.. released.Select(GroupOf).OfType<int>().Except(left
            .Where(entry => entry is { IsUnbound: false, IsBound: true })
            .Select(entry => GroupOf(entry.Address))
            .OfType<int>())];
        return [.. left.Where(entry => entry.IsUnbound && GroupOf(entry.Address) is int group && free.Contains(group))];
    }

    // A device that something else bound is released only if it is named and --force is given, because its previous
    // state is not recorded.
    private static JournalEntry? FindForeign(HostContext context, PciAddress address, ReleaseOptions options) =>
        options.Force && context.Bus.Find(address) is { HasVfioDriver: true } device
            ? ForeignBind.Describe(device, driver: null, module: null)
            : null;

    private static VfioException NotBound(PciBus bus, PciAddress address) =>
        bus.Find(address) is not PciDeviceInfo device
            ? new VfioException(
                "release",
                address.ToString(),
                "no PCI device has this address, and it is not in the journal",
                "vfio status lists the bound devices")
            : new VfioException(
                "release", address.ToString(),
                device.HasVfioDriver ? $"it is bound to {device.Driver}, but not by vfio" : "it is not bound",
                device.HasVfioDriver
                    ? $"vfio release --force {address} binds it to the driver that the kernel has for it"
                    : "vfio status lists the bound devices");
}
