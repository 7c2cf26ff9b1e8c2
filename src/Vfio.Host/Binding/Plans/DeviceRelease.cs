using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Releases one device: the plan and its execution. Its virtual functions are released separately.</summary>
/// <param name="context">The host.</param>
/// <param name="options">How to release it.</param>
/// <param name="entry">Its entry in the journal, or in the file of persistent devices.</param>
/// <param name="isAll">Whether it is released because all devices are, and not by name.</param>
internal sealed class DeviceRelease(HostContext context, ReleaseOptions options, JournalEntry entry, bool isAll)
{
    private readonly DeviceRestorer _restorer = new(context);
    private readonly ForeignBind _foreign = new(context);

    private PciAddress Address => entry.Address;

    /// <summary>Gets the reasons against it, after it was planned.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; private set; } = [];

    /// <summary>Computes the steps for the state of the device now; none if the release is refused.</summary>
    /// <param name="released">Devices that will have been released before this one.</param>
    /// <exception cref="VfioException">Its entry is corrupt, or the kernel does not answer.</exception>
    public IReadOnlyList<BindingStep> Plan(IReadOnlyCollection<PciAddress> released)
    {
        (IEnumerable<BindingStep> files, RestorePlan device) = Plan(Find(), released, options.Force);
        Refusals = device.Refusals;
        return Refusals.Count != 0 ? [] : [.. files, .. device.All];
    }

    /// <summary>Releases the device.</summary>
    public ReleaseOutcome Execute()
    {
        try
        {
            using IDisposable held = context.Steps.LockWithFunctions(Address);
            return ExecuteLocked();
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

    /// <summary>
    /// Makes the files for one device. Each device has its own, so that a failure with one does not undo the changes
    /// for another.
    /// </summary>
    public static PersistentFiles Files(HostContext context) =>
        new(context, device => device.Driver ?? PciDeviceInfo.VfioPciDriver);

    // The present entry, if it is still of the bind that is meant: another program may have released the device
    // meanwhile.
    private JournalEntry? Find() => context.Journal.Find(Address) is JournalEntry now
        && (options.OnlyBind is null || now.IsSameBindAs(options.OnlyBind))
        ? now
        : null;

    private ReleaseOutcome ExecuteLocked()
    {
        bool wasPersistent = options.OnlyBind is null && context.Persistent.Find(Address) is not null;
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
                // From here on the device is like any other, and a second call finishes what this one began.
                runner.Run(_foreign.Prepare(Address));
                current = context.Journal.Find(Address);
            }

            (IEnumerable<BindingStep> files, RestorePlan device) = Plan(
                current, released: [], options.Force && !isForeign);
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
        else if (options.OnlyBind is null
            && new DriverctlOverrides(context.Host) is var driverctl
            && driverctl.Find(Address) != entry.OriginalDriver
            && driverctl.DescribeClaim(Address) is string claim)
        {
            context.Steps.Dropped.Add(claim);
        }
    }

    // The files for a reboot come first: these writes are the most likely to fail, and a device that is still bound can
    // be released later.
    private (IEnumerable<BindingStep> Files, RestorePlan Device) Plan(
        JournalEntry? current, IReadOnlyCollection<PciAddress> released, bool force)
    {
        RestorePlan device = current is not null ? _restorer.Plan(current, force, released)
            : IsForeign() ? _foreign.Plan(Address, _restorer)
            : RestorePlan.Nothing;
        PersistentFiles files = Files(context);
        if (options.OnlyBind is not null)
        {
            return current is null ? ([], RestorePlan.Nothing) : (files.UnfollowUser([Address], released), device);
        }

        if (current is not { IsBound: true }
            && context.Persistent.Find(Address) is PersistentDevice known
            && context.Bus.Find(Address) is PciDeviceInfo untaken)
        {
            BindingStep[] last = [.. _restorer.GiveUp(untaken, known.ToEntry())];
            Func<IReadOnlyList<BindingStep>> shared = device.Shared;
            device = device with { Shared = () => [.. shared(), .. last] };
        }

        return (
            [.. files.Remove([Address], released, force: false), .. files.UnfollowUser([Address], released)], device);
    }

    private bool IsForeign() => options is { Force: true, OnlyBind: null }
        && !isAll
        && context.Persistent.Find(Address) is null
        && context.Bus.Find(Address) is { HasVfioDriver: true };
}
