using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Binds one device again after a reboot or a hot-plug: the plan and its execution.</summary>
internal sealed class DeviceRebinding(HostContext context, PciAddress address)
{
    private readonly ModuleSteps _modules = new(context);
    private readonly NodeAccessGrant _grant = new(context);
    private readonly DeviceRestorer _restorer = new(context);
    private JournalEntry? _newEntry; // the new entry for a device that is not in the journal

    public PciAddress Address => address;

    /// <summary>Gets why the device is skipped; <see langword="null"/> if it is not.</summary>
    public string? Skipped { get; private set; }

    public IReadOnlyList<BindingRefusal> Refusals { get; private set; } = [];

    public IReadOnlyList<BindingStep> Steps { get; private set; } = [];

    /// <summary>Gets what failed while the plan was made; <see langword="null"/> if nothing did.</summary>
    public VfioException? Error { get; private set; }

    private HostSurvey Survey => field ??= new HostSurvey(context.Host, context.Holders);

    /// <summary>Plans the bind for the state of the device now.</summary>
    public void Plan()
    {
        PciDeviceInfo? device = context.Bus.Find(address);
        JournalEntry? taken = context.Journal.Find(address) is { ParseError: null, IsBound: true } entry ? entry : null;
        JournalEntry? known = context.Persistent.Find(address)?.ToEntry();
        Skipped = WhyNot(device, taken, known);
        if (Skipped is not null)
        {
            return;
        }

        try
        {
            _newEntry = IsSame(taken, device!) ? null : Renew(device!, known!);
            Plan(device!, _newEntry ?? taken!, isRemembered: _newEntry is null);
        }
        catch (VfioException e)
        {
            Error = e;
        }
    }

    public RebindOutcome Execute()
    {
        using IDisposable held = context.Steps.Lock([address]);
        using StepRunner runner = new(context);
        try
        {
            context.Steps.Settle(address, "bind");
        }
        catch (ChangePendingException e)
        {
            return new RebindOutcome
            {
                Address = address,
                Device = context.Bus.Find(address),
                Skipped = null,
                Error = e,
            };
        }

        runner.Share();
        Plan();
        VfioException? error = Skipped is null ? Run(runner) : null;
        RebindOutcome outcome =
            new() { Address = address, Device = context.Bus.Find(address), Skipped = Skipped, Error = error };
        if (outcome is { Skipped: null, Error: null }
            || context.Bus.Find(address) is not PciDeviceInfo now
            || context.Journal.Find(address) is { IsBound: true })
        {
            return outcome;
        }

        try
        {
            runner.Run(Kept(now) is JournalEntry kept ? _restorer.GiveUp(now, kept) : []);
        }
        catch (VfioException e)
        {
            return outcome with { Error = outcome.Error ?? e };
        }

        return outcome with { Device = context.Bus.Find(address) };
    }

    private string? WhyNot(PciDeviceInfo? device, JournalEntry? taken, JournalEntry? known)
    {
        if (taken is null && known is null)
        {
            return context.Persistent.ParseError is null
                ? "it is neither bound nor persistent"
                : $"{context.Persistent.Path}: {context.Persistent.ParseError}";
        }

        JournalEntry other = known ?? taken!;
        return device is null ? "no device has this address"
            : !IsSame(taken, device) && !IsSame(known, device) ? "another card is there: "
                + $"{device.VendorId:x4}:{device.DeviceId:x4}, not {other.VendorId:x4}:{other.DeviceId:x4}"
            : null;
    }

    // The entry by which to undo what the udev rule has set. If the file of persistent devices is corrupt,
    // driver_override is all that is known.
    private JournalEntry? Kept(PciDeviceInfo now) => context.Persistent.Find(address)?.ToEntry()
        ?? (context.Persistent.ParseError is not null
            && context.Steps.ReadOverride(now) is string kept
            && kept.Contains("vfio", StringComparison.Ordinal)
            ? new JournalEntry { Address = address, Driver = kept }
            : null);

    private VfioException? Run(StepRunner runner)
    {
        if (Error is not null || Refusals.Count != 0)
        {
            return Error ?? new BindingRefusedException("bind", Refusals);
        }

        try
        {
            if (_newEntry is null)
            {
                runner.Run(Steps);
            }
            else
            {
                BindAgain(context.Bus.Get(address), _newEntry, runner);
            }

            return null;
        }
        catch (VfioException e)
        {
            return e;
        }
    }

    // If its VFIO driver does not bind to the device, the device goes back to its original driver. If it is bound, and
    // only access for its user cannot be granted, it stays bound.
    private void BindAgain(PciDeviceInfo device, JournalEntry entry, StepRunner runner)
    {
        JournalEntry? functions = FindFunctionsOnly();
        int count = device.GetVirtualFunctionCount();
        JournalEntry asNow = entry with
        {
            Interfaces = Survey.InterfaceStates(address),
            Disks = [],
            PreviousFunctionCount = count == 0 ? null : count,
        };
        try
        {
            runner.Run(Steps);
        }
        catch (VfioException e) when (e is not ChangePendingException
            && context.Bus.Find(address) is { HasVfioDriver: false }
            && context.Journal.Find(address) is { IsBound: true, IsUnbound: false })
        {
            _restorer.Plan(asNow, force: false, released: []).Run(runner);
            if (functions is not null)
            {
                context.Journal.Write(functions);
            }

            throw;
        }
    }

    // An entry may exist only because of the device's virtual functions.
    private JournalEntry? FindFunctionsOnly() =>
        context.Journal.Find(address) is { ParseError: null, IsBound: false } only ? only : null;

    private static bool IsSame(JournalEntry? entry, PciDeviceInfo device) =>
        entry is not null && (entry.VendorId, entry.DeviceId) == (device.VendorId, device.DeviceId);

    // If another driver is bound to the device now, record that one and not the one of the day when the device was made
    // persistent: a new kernel may use another. If it is the same driver, use the names and states of that day, because
    // interfaces have neither this early in the boot.
    private JournalEntry Renew(PciDeviceInfo device, JournalEntry known)
    {
        JournalEntry entry = known with { BoundAt = context.Clock.GetUtcNow(), ProcessId = Environment.ProcessId };
        if (FindFunctionsOnly() is JournalEntry functions)
        {
            entry = entry with
            {
                PreviousFunctionCount = functions.PreviousFunctionCount,
                EnabledFunctions = functions.EnabledFunctions,
            };
        }

        return device.HasVfioDriver || device.Driver is null || device.Driver == known.OriginalDriver
            ? entry
            : entry with
            {
                OriginalDriver = device.Driver,
                OriginalModule = SysfsFile.ReadLinkName(device.Attribute("driver/module")),
                Interfaces = Survey.InterfaceStates(address),
                Disks = Survey.GetDisks(address),
                OtherNames = Survey.OtherNames(address),
            };
    }

    private void Plan(PciDeviceInfo device, JournalEntry entry, bool isRemembered)
    {
        Refusals = entry.IsUnbound ? device.Driver is null ? [] : Survey.JudgeWithGroup(device, thorough: true)
            : device.HasVfioDriver ? [] : Survey.Judge(device, thorough: true);
        if (Refusals.Count == 0)
        {
            Steps = entry.IsUnbound
                ? StepsToUnbind(device, entry, isRemembered)
                : StepsToTake(device, entry, isRemembered);
        }
    }

    private List<BindingStep> StepsToTake(PciDeviceInfo device, JournalEntry entry, bool isRemembered)
    {
        (uint Uid, uint Gid, string Name)? user = FindUser(entry, out VfioException? unknown);
        bool isGiven = user is null || (device.HasVfioDriver && _grant.HasAccess(device, user.Value.Uid));
        List<BindingStep> steps = [];
        string? module = device.HasVfioDriver || context.Steps.HasDriver(entry.Driver)
            ? null
            : _modules.ModuleOf(device, entry.Driver);
        IReadOnlyList<string> missing = module is null ? [] : _modules.Missing(module);
        if (!isRemembered || !isGiven || missing.Count != 0)
        {
            // The nodes are new; none of those in the entry exists any more.
            JournalEntry updated = entry with { Nodes = [], LoadedModules = [.. entry.LoadedModules.Union(missing)] };
            steps.Add(
                context.Steps.Remember(
                    user is null
                        ? updated
                        : updated with
                        {
                            UserId = user.Value.Uid,
                            Nodes = _grant.AccessBefore(device, updated, user.Value.Uid, user.Value.Name),
                        }));
        }

        if (!device.HasVfioDriver)
        {
            steps.AddRange(context.Steps.Take(device, entry.Driver, module, holders: []));
        }

        if (!isGiven)
        {
            steps.AddRange(_grant.Steps(device, user!.Value));
        }

        if (unknown is not null)
        {
            steps.Add(new BindingStep($"look up {entry.User}", () => throw unknown));
        }

        return steps;
    }

    private List<BindingStep> StepsToUnbind(PciDeviceInfo device, JournalEntry entry, bool isRemembered)
    {
        List<BindingStep> steps = isRemembered ? [] : [context.Steps.Remember(entry)];
        if (context.Steps.ReadOverride(device) != entry.Driver)
        {
            steps.Add(context.Steps.Override(device, entry.Driver));
        }

        if (device.Driver is not null)
        {
            steps.Add(context.Steps.Unbind(device, holders: []));
        }

        return steps;
    }

    // Early in the boot only the users in /etc/passwd are known.
    private static (uint Uid, uint Gid, string Name)? FindUser(JournalEntry entry, out VfioException? unknown)
    {
        unknown = null;
        try
        {
            return entry.User is null ? null : Users.Get(entry.User);
        }
        catch (VfioException e)
        {
            unknown = e;
            return null;
        }
    }
}
