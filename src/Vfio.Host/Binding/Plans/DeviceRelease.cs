using Vfio.Pci;

namespace Vfio.Host;

/// <summary>The release of one device, planned or made; its virtual functions are others.</summary>
/// <param name="context">The host.</param>
/// <param name="options">How.</param>
/// <param name="entry">What the journal, or the file of persistent devices, has of it.</param>
/// <param name="isAll">Whether it is released as one of all, not by its name.</param>
internal sealed class DeviceRelease(HostContext context, ReleaseOptions options, JournalEntry entry, bool isAll)
{
    private readonly DeviceRestorer _restorer = new(context);
    private readonly ForeignTaking _foreign = new(context);

    private PciAddress Address => entry.Address;

    /// <summary>What forbids it, once it was planned.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; private set; } = [];

    /// <summary>The steps, as they would be made now; none where it is refused.</summary>
    /// <param name="released">Devices that will have been handed back before.</param>
    /// <exception cref="VfioException">Its entry is damaged, or the kernel does not answer.</exception>
    public IReadOnlyList<BindingStep> Plan(IReadOnlyCollection<PciAddress> released)
    {
        (IEnumerable<BindingStep> files, RestorePlan device) = Plan(Find(), released, options.Force);
        Refusals = device.Refusals;
        return Refusals.Count != 0 ? [] : [.. files, .. device.All];
    }

    /// <summary>Hands it back.</summary>
    public ReleaseOutcome Execute()
    {
        try
        {
            using IDisposable alone = context.Steps.LockWithFunctions(Address);
            return ExecuteAlone();
        }
        catch (VfioException e)
        {
            return new ReleaseOutcome
            {
                Entry = entry,
                Device = context.Bus.Find(Address),
                Error = e,
                Skipped = [.. context.Steps.Dropped],
            };
        }
    }

    /// <summary>One for each device: what fails with one takes back nothing of another's.</summary>
    public static PersistentFiles Files(HostContext context) => new(context, device => device.Driver ?? PciDeviceInfo.VfioPciDriver);

    // As it is now, where it is still the taking that is meant: another program may have handed it back meanwhile.
    private JournalEntry? Find() => context.Journal.Find(Address) is JournalEntry now && (options.Taking is null || now.IsTakingOf(options.Taking)) ? now : null;

    private ReleaseOutcome ExecuteAlone()
    {
        bool wasPersistent = options.Taking is null && context.Persistent.Find(Address) is not null;
        JournalEntry? current = Find();
        bool isForeign = current is null && IsForeign();
        VfioException? error = null;
        try
        {
            if (current is not null)
            {
                context.Steps.Settle(Address, "release");
            }

            using StepRunner runner = new(context);
            if (isForeign)
            {
                _foreign.Plan(Address, _restorer).ThrowIfRefused();
                // From then on it is like any other, and a second call finishes what this one began.
                runner.Run(_foreign.Prepare(Address));
                current = context.Journal.Find(Address);
            }

            (IEnumerable<BindingStep> files, RestorePlan device) = Plan(current, released: [], options.Force && !isForeign);
            device.ThrowIfRefused();
            runner.Share();
            runner.Run(files);
            device.Run(runner);
            TellWhatStays(isForeign, runner);
        }
        catch (VfioException e)
        {
            error = e;
        }

        return new ReleaseOutcome
        {
            Entry = entry,
            Device = context.Bus.Find(Address),
            Error = error,
            WasBound = current is { IsBound: true } or { ParseError: not null } || isForeign,
            WasPersistent = wasPersistent,
            Skipped = [.. context.Steps.Dropped],
        };
    }

    private void TellWhatStays(bool isForeign, StepRunner runner)
    {
        if (isForeign && context.Bus.Find(Address) is PciDeviceInfo now)
        {
            runner.Run(_foreign.Notes(now));
        }
        else if (options.Taking is null && new DriverctlOverrides(context.Host) is var driverctl && driverctl.Find(Address) != entry.OriginalDriver && driverctl.DescribeClaim(Address) is string claim)
        {
            context.Steps.Dropped.Add(claim);
        }
    }

    // Where it is to be taken again comes first: of all, these writes are the likeliest to fail, and what is taken still can be handed back later.
    private (IEnumerable<BindingStep> Files, RestorePlan Device) Plan(JournalEntry? current, IReadOnlyCollection<PciAddress> released, bool force)
    {
        RestorePlan device = current is not null ? _restorer.Plan(current, force, released)
            : IsForeign() ? _foreign.Plan(Address, _restorer)
            : RestorePlan.Nothing;
        PersistentFiles files = Files(context);
        if (options.Taking is not null)
        {
            return current is null ? ([], RestorePlan.Nothing) : (files.UnfollowUser([Address], released), device);
        }

        if (current is not { IsBound: true } && context.Persistent.Find(Address) is PersistentDevice known && context.Bus.Find(Address) is PciDeviceInfo untaken)
        {
            BindingStep[] last = [.. _restorer.GiveUp(untaken, known.ToEntry())];
            Func<IReadOnlyList<BindingStep>> shared = device.Shared;
            device = device with { Shared = () => [.. shared(), .. last] };
        }

        return ([.. files.Remove([Address], released, force: false), .. files.UnfollowUser([Address], released)], device);
    }

    private bool IsForeign() => options is { Force: true, Taking: null } && !isAll && context.Persistent.Find(Address) is null && context.Bus.Find(Address) is { HasVfioDriver: true };
}
