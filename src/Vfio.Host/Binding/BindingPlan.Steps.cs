namespace Vfio.Host;

// What one device needs.
public sealed partial class BindingPlan
{
    private (List<BindingStep> Remember, List<BindingStep> Take) StepsFor(PciDeviceInfo device, HostSurvey survey, (uint Uid, uint Gid, string Name)? user, HashSet<string> loaded)
    {
        JournalEntry? before = FindSound(device);

        if (user is not null && (device.IommuGroup is null || device.ReadHasNoIommu()))
        {
            throw new VfioException("bind", device.Address.ToString(), "a device without an IOMMU is root's alone (CAP_SYS_RAWIO)", "leave --user away");
        }

        if (user is not null && _gift.OtherUser(device, user.Value.Uid, user.Value.Name) is string other)
        {
            throw new VfioException(
                "bind", device.Address.ToString(), $"its IOMMU group {device.IommuGroup} is given to user {other} already, and the kernel cannot split a group",
                "release the group's other devices first; vfio status shows them");
        }

        string module = ModuleFor(device);
        string driver = _modules.NameOf(module, AskedFor(device));
        if (device.HasVfioDriver && device.Driver != driver)
        {
            throw new VfioException(
                "bind", device.Address.ToString(), $"it is with {device.Driver} already, and {driver} was asked for", $"vfio release {device.Address} first, then bind it again");
        }

        BindingStep? pending = _kit.EndPending(before);
        List<BindingStep> first = pending is null ? [] : [pending];
        List<BindingStep> steps = [];
        // An entry may be there for virtual functions alone: then it says nothing of how the device was before it is taken now.
        JournalEntry? taken = before is { IsTaken: true } ? before : null;
        bool isUnknown = _options.Persist && taken is null;
        if (pending is null)
        {
            _kit.CheckNotLeaving(device, "bind");
        }

        if (device.HasVfioDriver && !isUnknown && (user is null || _gift.IsGiven(device, user.Value.Uid)))
        {
            return (first, steps);
        }

        // What a killed bind left still says how the device was before; what another card, or somebody else's rebind, left does not.
        bool isStale = taken is not null && !device.HasVfioDriver
            && ((taken.VendorId, taken.DeviceId) != (device.VendorId, device.DeviceId)
                || (device.Driver is not null && device.Driver != taken.DriverBefore));
        JournalEntry entry = taken is null || isStale ? Describe(_kit, device, survey) with { Driver = driver, LoadedModules = taken?.LoadedModules ?? [] }
            : device.HasVfioDriver ? taken
            : taken with { Driver = driver, User = null, UserId = null, Nodes = [], TakenAt = DateTimeOffset.UtcNow, TakenBy = Caller(), ProcessId = Environment.ProcessId };
        if (before is { IsTaken: false })
        {
            entry = entry with { FunctionsBefore = before.FunctionsBefore, EnabledFunctions = before.EnabledFunctions };
        }

        // What the first device has loaded the others find; whoever is handed back last unloads it.
        bool isToBeLoaded = NeedsModule(device, driver) && loaded.Add(module);
        IReadOnlyList<string> missing = isToBeLoaded ? _modules.Missing(module) : [];
        if (!device.HasVfioDriver && device.IommuGroup is not null && !_options.NoIommu)
        {
            foreach (string space in AddressSpaceModule().Except(missing).Where(loaded.Add))
            {
                missing = [.. missing, space];
                steps.Add(_kit.LoadModule(space));
            }
        }

        entry = entry with { LoadedModules = [.. entry.LoadedModules.Union(missing)] };
        _undo.Note(device, before, _gift.NodesOf(device).Select(_gift.PathOf));
        if (taken?.User is string former && !taken.IsGivenTo(user?.Uid, user?.Name))
        {
            first.AddRange(TakeFrom(former, taken, device));
        }

        first.Add(_kit.Remember(user is null ? entry : entry with { User = user.Value.Name, UserId = user.Value.Uid, Nodes = _gift.AccessBefore(device, entry, user.Value.Uid, user.Value.Name) }));
        if (!device.HasVfioDriver)
        {
            steps.AddRange(_kit.Take(device, driver, isToBeLoaded ? module : null, device.Driver is null ? [] : survey.Holders(device), pending is not null));
        }

        if (user is not null)
        {
            steps.AddRange(_gift.Steps(device, user.Value));
        }

        return (first, steps);
    }

    private (List<BindingStep> Remember, List<BindingStep> Take) StepsToUnbind(PciDeviceInfo device, HostSurvey survey)
    {
        JournalEntry? before = FindSound(device);

        // What a killed bind left still says how the device was before it.
        JournalEntry entry = before is { IsUnbound: true } && before.DriverBefore == device.Driver ? before : Describe(_kit, device, survey) with { Driver = JournalEntry.NoDriver };
        _undo.Note(device, before, []);
        BindingStep? pending = _kit.EndPending(before);
        return ([.. pending is null ? Array.Empty<BindingStep>() : [pending], _kit.Remember(entry)],
            [_kit.Override(device, JournalEntry.NoDriver), _kit.Unbind(device, survey.Holders(device))]);
    }

    private JournalEntry? FindSound(PciDeviceInfo device)
    {
        JournalEntry? entry = _journal.Find(device.Address);
        return entry?.Damage is null ? entry : throw _journal.Damaged(entry);
    }

    // The one of before first: the entry that says so is about to be written over.
    private IEnumerable<BindingStep> TakeFrom(string former, JournalEntry taken, PciDeviceInfo device)
    {
        if (device.HasVfioDriver && new DeviceHolders(_options.Host).OfDevice(device) is { Count: > 0 } holders)
        {
            throw new VfioException(
                "bind", device.Address.ToString(), $"it is user {former}'s, and in use by {string.Join(", ", holders)}", $"vfio release {device.Address} first, then bind it again");
        }

        // Its own node stays, for it stays with its driver.
        IEnumerable<NodeAccess> own = _gift.NodesOf(device).Where(node => taken.Nodes.All(access => access.Node != node)).Select(node => new NodeAccess(node, Before: null));
        return NodeRestorer.Plan(_options.Host, _journal, NodeRestorer.WithUser(taken) with { Nodes = [.. taken.Nodes, .. own] }, device, _changes, released: []);
    }

    // Its module is of interest where it is not with a VFIO driver already.
    private string ModuleFor(PciDeviceInfo device) => device.VfioDriver is null ? _modules.ModuleOf(device, AskedFor(device)) : "";

    private string DriverFor(PciDeviceInfo device) => Unbound.Contains(device) ? JournalEntry.NoDriver : _modules.NameOf(ModuleFor(device), AskedFor(device));

    private string AskedFor(PciDeviceInfo device) => _options.Driver ?? device.VfioDriver ?? PciDeviceInfo.VfioPciDriver;

    private static string Caller() => StateFields.Fit(
        Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 } caller ? caller : Users.Name(Users.EffectiveId));

    /// <summary>How a device is before it is touched.</summary>
    internal static JournalEntry Describe(DeviceSteps kit, PciDeviceInfo device, HostSurvey survey) => new()
    {
        Address = device.Address,
        VendorId = device.VendorId,
        DeviceId = device.DeviceId,
        DriverBefore = device.Driver,
        ModuleBefore = SysfsFile.ReadLinkName(device.Attribute("driver/module")),
        OverrideBefore = kit.ReadOverride(device),
        FunctionsBefore = device.ReadVirtualFunctionCount() is int functions and not 0 ? functions : null,
        Interfaces = survey.InterfaceStates(device.Address),
        Disks = survey.Disks(device.Address),
        OtherNames = survey.OtherNames(device.Address),
        TakenAt = DateTimeOffset.UtcNow,
        TakenBy = Caller(),
        ProcessId = Environment.ProcessId,
    };
}
