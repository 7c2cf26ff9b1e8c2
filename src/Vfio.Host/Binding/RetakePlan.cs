using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Takes again what came back: after a reboot the persistent devices, and after a plugging in a device that is taken still, or persistent. udev and systemd have it run
/// by <c>vfio replug</c>. What no longer fits is reported and left alone.
/// </summary>
public sealed class RetakePlan
{
    private readonly BindOptions _options;
    private readonly IHostChanges _changes;
    private readonly BindingJournal _journal;
    private readonly DeviceSteps _kit;
    private readonly ModuleSteps _modules;
    private readonly NodeGift _gift;
    private readonly DeviceRestorer _restorer;

    private RetakePlan(IReadOnlyList<PciAddress> addresses, BindOptions options)
    {
        Addresses = addresses;
        _options = options;
        _changes = options.Changes ?? new HostChanges(options.Helper);
        _journal = new BindingJournal(options.Host);
        _kit = new DeviceSteps(options.Host, _changes, _journal, options.Patience);
        _restorer = new DeviceRestorer(_kit, _journal, options.Host, _changes);
        _modules = new ModuleSteps(options.Host, _changes, _journal);
        _gift = new NodeGift(_kit, _journal, options.Host);
    }

    /// <summary>The devices it is about.</summary>
    public IReadOnlyList<PciAddress> Addresses { get; }

    /// <summary>Plans to take one device again.</summary>
    /// <param name="address">The device.</param>
    /// <param name="options">The host; the rest is as the device was taken. <see langword="null"/> for the running host.</param>
    /// <returns>The plan.</returns>
    public static RetakePlan Compute(PciAddress address, BindOptions? options = null) => new([address], options ?? new BindOptions());

    /// <summary>Plans to take every persistent device.</summary>
    /// <param name="options">The host; the rest is as the devices were taken. <see langword="null"/> for the running host.</param>
    /// <returns>The plan; for no device where none is persistent.</returns>
    /// <exception cref="VfioException">The file of persistent devices cannot be believed.</exception>
    public static RetakePlan ComputePersistent(BindOptions? options = null)
    {
        options ??= new BindOptions();
        PersistentDevices persistent = PersistentDevices.Read(options.Host);
        return persistent.Damage is null ? new RetakePlan([.. persistent.Entries.Select(entry => entry.Address)], options) : throw persistent.Damaged();
    }

    /// <summary>Takes the devices, each for itself: one that fails does not keep the others. More than once is harmless.</summary>
    /// <returns>How it went, for each device.</returns>
    /// <exception cref="VfioException">The journal cannot be locked: not permitted, for example.</exception>
    public IReadOnlyList<RetakeOutcome> Execute()
    {
        if (Addresses.Count == 0)
        {
            return [];
        }

        try
        {
            PersistentDevices persistent = PersistentDevices.Read(_options.Host);
            return [.. Addresses.Select(address => Retake(address, persistent))];
        }
        finally
        {
            _changes.EndWriter();
        }
    }

    private RetakeOutcome Retake(PciAddress address, PersistentDevices persistent)
    {
        PciDeviceInfo? device = _kit.Bus.Find(address);
        using IDisposable alone = _kit.Lock([address]);
        using StepRunner runner = new(_journal, _changes);
        try
        {
            _kit.Settle(address, "bind");
        }
        catch (ChangePendingException e)
        {
            return new RetakeOutcome(address, device, null, e);
        }

        runner.Share();
        device = _kit.Bus.Find(address);
        JournalEntry? taken = _journal.Find(address) is { Damage: null, IsTaken: true } entry ? entry : null;
        JournalEntry? known = persistent.Find(address)?.ToEntry();
        RetakeOutcome outcome = Retake(address, device, taken, known, persistent, runner);
        if (outcome is { Skipped: null, Error: null } || _kit.Bus.Find(address) is not PciDeviceInfo now || _journal.Find(address) is { IsTaken: true })
        {
            return outcome;
        }

        // Without a state that can be believed, what udev's rule has set is all there is.
        known ??= persistent.Damage is not null && _kit.ReadOverride(now) is string kept && kept.Contains("vfio", StringComparison.Ordinal)
            ? new JournalEntry { Address = address, Driver = kept }
            : null;
        try
        {
            runner.Run(known is null ? [] : [.. _restorer.GiveUp(now, known)]);
        }
        catch (VfioException e)
        {
            return outcome with { Error = outcome.Error ?? e };
        }

        return outcome with { Device = _kit.Bus.Find(address) };
    }

    private RetakeOutcome Retake(PciAddress address, PciDeviceInfo? device, JournalEntry? taken, JournalEntry? known, PersistentDevices persistent, StepRunner runner)
    {
        if (taken is null && known is null)
        {
            return new RetakeOutcome(address, device, persistent.Damage is null ? "it is neither taken nor persistent" : $"{persistent.Path}: {persistent.Damage}", null);
        }

        if (device is null)
        {
            return new RetakeOutcome(address, null, "there is no device at this address", null);
        }

        if (!IsSame(taken, device) && !IsSame(known, device))
        {
            JournalEntry other = known ?? taken!;
            return new RetakeOutcome(address, device, $"another card is there: {device.VendorId:x4}:{device.DeviceId:x4}, not {other.VendorId:x4}:{other.DeviceId:x4}", null);
        }

        try
        {
            if (IsSame(taken, device))
            {
                runner.Run(StepsFor(device, taken!, isRemembered: true));
            }
            else
            {
                TakeAnew(device, known!, runner);
            }

            return new RetakeOutcome(address, _kit.Bus.Find(address), null, null);
        }
        catch (VfioException e)
        {
            return new RetakeOutcome(address, _kit.Bus.Find(address), null, e);
        }
    }

    // A device that its VFIO driver does not take goes to where it came from. One that it took, and that only cannot be given to its user, stays.
    private void TakeAnew(PciDeviceInfo device, JournalEntry known, StepRunner runner)
    {
        // An entry may be there for its virtual functions alone.
        JournalEntry? functions = _journal.Find(device.Address) is { Damage: null, IsTaken: false } only ? only : null;
        JournalEntry entry = Renew(device, known);
        entry = functions is null ? entry : entry with { FunctionsBefore = functions.FunctionsBefore, EnabledFunctions = functions.EnabledFunctions };
        int count = device.ReadVirtualFunctionCount();
        JournalEntry asNow = entry with { Interfaces = new HostSurvey(_options.Host).InterfaceStates(device.Address), Disks = [], FunctionsBefore = count == 0 ? null : count };
        try
        {
            runner.Run(StepsFor(device, entry, isRemembered: false));
        }
        catch (VfioException e) when (e is not ChangePendingException && _kit.Bus.Find(device.Address) is { HasVfioDriver: false } && _journal.Find(device.Address) is { IsTaken: true, IsUnbound: false })
        {
            _restorer.Plan(asNow, force: false, released: []).Run(runner);
            if (functions is not null)
            {
                _journal.Write(functions);
            }

            throw;
        }
    }

    private static bool IsSame(JournalEntry? entry, PciDeviceInfo device) => entry is not null && (entry.VendorId, entry.DeviceId) == (device.VendorId, device.DeviceId);

    // Where another driver has it now, that one counts and not the one of the day it was made persistent: a new kernel may have another. With the same one the names and
    // states of that day count: so early in the boot interfaces have neither.
    private JournalEntry Renew(PciDeviceInfo device, JournalEntry known)
    {
        JournalEntry entry = known with { TakenAt = DateTimeOffset.UtcNow, ProcessId = Environment.ProcessId };
        if (device.HasVfioDriver || device.Driver is null || device.Driver == known.DriverBefore)
        {
            return entry;
        }

        HostSurvey survey = new(_options.Host);
        return entry with
        {
            DriverBefore = device.Driver,
            ModuleBefore = SysfsFile.ReadLinkName(device.Attribute("driver/module")),
            Interfaces = survey.InterfaceStates(device.Address),
            Disks = survey.Disks(device.Address),
            OtherNames = survey.OtherNames(device.Address),
        };
    }

    private List<BindingStep> StepsFor(PciDeviceInfo device, JournalEntry entry, bool isRemembered)
    {
        HostSurvey survey = new(_options.Host);
        if (entry.IsUnbound)
        {
            return StepsToUnbind(device, entry, survey, isRemembered);
        }

        if (!device.HasVfioDriver && survey.Judge(device, thorough: true) is { Count: > 0 } refusals)
        {
            throw new BindingRefusedException(refusals);
        }

        (uint Uid, uint Gid, string Name)? user = FindUser(entry, out VfioException? unknown);
        bool isGiven = user is null || (device.HasVfioDriver && _gift.IsGiven(device, user.Value.Uid));
        List<BindingStep> steps = [];
        string? module = device.HasVfioDriver || _kit.HasDriver(entry.Driver) ? null : _modules.ModuleOf(device, entry.Driver);
        IReadOnlyList<string> missing = module is null ? [] : _modules.Missing(module);
        if (!isRemembered || !isGiven || missing.Count != 0)
        {
            // The nodes are new ones: of those of before, none is there.
            JournalEntry anew = entry with { Nodes = [], LoadedModules = [.. entry.LoadedModules.Union(missing)] };
            steps.Add(_kit.Remember(user is null ? anew : anew with { UserId = user.Value.Uid, Nodes = _gift.AccessBefore(device, anew, user.Value.Uid, user.Value.Name) }));
        }

        if (!device.HasVfioDriver)
        {
            steps.AddRange(_kit.Take(device, entry.Driver, module, holders: []));
        }

        if (!isGiven)
        {
            steps.AddRange(_gift.Steps(device, user!.Value));
        }

        if (unknown is not null)
        {
            steps.Add(new BindingStep($"look up {entry.User}", () => throw unknown));
        }

        return steps;
    }

    private List<BindingStep> StepsToUnbind(PciDeviceInfo device, JournalEntry entry, HostSurvey survey, bool isRemembered)
    {
        if (device.Driver is not null && survey.JudgeAlong(device, thorough: true) is { Count: > 0 } refusals)
        {
            throw new BindingRefusedException(refusals);
        }

        List<BindingStep> steps = isRemembered ? [] : [_kit.Remember(entry)];
        if (_kit.ReadOverride(device) != entry.Driver)
        {
            steps.Add(_kit.Override(device, entry.Driver));
        }

        if (device.Driver is not null)
        {
            steps.Add(_kit.Unbind(device, holders: []));
        }

        return steps;
    }

    // Early in the boot only the users of /etc/passwd are known.
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

/// <summary>How taking one device again went.</summary>
/// <param name="Address">The device.</param>
/// <param name="Device">The device as it is now; <see langword="null"/> where there is none.</param>
/// <param name="Skipped">Why it was left alone; <see langword="null"/> where it was not.</param>
/// <param name="Error">Why it did not work; <see langword="null"/> where it did, or was not tried.</param>
public sealed record RetakeOutcome(PciAddress Address, PciDeviceInfo? Device, string? Skipped, VfioException? Error);
