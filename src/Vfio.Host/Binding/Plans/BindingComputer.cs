using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Computes a <see cref="BindingPlan"/>. Used once.</summary>
internal sealed class BindingComputer
{
    private readonly HostContext _context;
    private readonly BindOptions _options;
    private readonly IReadOnlyList<PciAddress> _addresses;
    private readonly HostSurvey _survey;
    private readonly HostObstacles _obstacles;
    private readonly NodeAccessGrant _grant;
    private readonly ModuleSteps _modules;
    private readonly PersistentFiles _files;
    private readonly BindingUndo _undo;
    private readonly HashSet<string> _loaded = []; // loaded for an earlier device of the plan
    private List<PciDeviceInfo> _devices = [];
    private List<PciDeviceInfo> _unbound = [];
    private (uint Uid, uint Gid, string Name)? _user;

    public BindingComputer(HostContext context, IReadOnlyList<PciAddress> addresses, BindOptions options)
    {
        (_context, _addresses, _options) = (context, addresses, options);
        _survey = new HostSurvey(context.Host, context.Holders);
        _obstacles = new HostObstacles(context.Host);
        _grant = new NodeAccessGrant(context);
        _modules = new ModuleSteps(context);
        _undo = new BindingUndo(context);
        _files = new PersistentFiles(context, DriverFor);
    }

    public BindingPlan Compute()
    {
        _devices = FindDevices();
        _user = _options.User is null ? null : Users.Get(_options.User);
        _unbound = [.. _devices.Where(IsUnboundWithGroup)];
        BindCandidate[] candidates = [.. _devices.Select(Find)];
        IReadOnlyList<BindingRefusal> refusals = [.. Judge(), .. candidates.SelectMany(Judge)];
        List<(PciAddress, BindingStep)> first = [];
        List<(PciAddress, BindingStep)> then = [];
        foreach (BindCandidate candidate in candidates.Where(candidate => !candidate.IsHopeless))
        {
            (IEnumerable<BindingStep> remember, IEnumerable<BindingStep> take) = _unbound.Contains(candidate.Device)
                ? StepsToUnbind(candidate)
                : StepsFor(candidate);
            first.AddRange(remember.Select(step => (candidate.Device.Address, step)));
            then.AddRange(take.Select(step => (candidate.Device.Address, step)));
        }

        // The files come last: if one of them fails, they undo themselves, and the devices are then restored as after
        // any failure.
        IEnumerable<BindingStep> files = _devices.Count == 0 || refusals.Count != 0 ? [] : FileSteps();
        IReadOnlyList<string> warnings =
        [
            .. _files.Notes(_devices, _options),
            .. _devices.Where(device => !device.HasVfioDriver).SelectMany(_survey.Warnings),
        ];
        HashSet<PciAddress> taken = [.. _devices.Select(device => device.Address)];
        // All devices are recorded before any is changed, and before another process can change what they share.
        return new BindingPlan(
            _context,
            _options,
            _addresses,
            [.. first, .. then, .. files.Select(step => (_devices[^1].Address, step))],
            _undo,
            refusals,
            warnings)
        {
            Devices = _devices,
            Unbound = _unbound,
            Blockers =
                [.. Groups().SelectMany(group => group.GetBlockers()).Where(device => !taken.Contains(device.Address))],
        };
    }

    private BindingStep[] FileSteps() =>
    [
        .. _options.Persist ? _files.Add(_devices, _user?.Name) : [],
        .. _user is null ? [] : _files.FollowUser([.. _devices.Except(_unbound)], _options.Persist),
    ];

    private List<PciDeviceInfo> FindDevices()
    {
        List<PciDeviceInfo> devices = [.. _addresses.Distinct().Select(_context.Bus.Get)];
        if (_options.WholeGroup)
        {
            IEnumerable<PciDeviceInfo> others = devices
                .Select(device => device.IommuGroup)
                .OfType<int>()
                .Distinct()
                .SelectMany(number => _context.Bus.GetGroup(number)?.Devices ?? [])
                .Where(device => (!device.IsBridge || HostSurvey.IsUnboundWithGroup(device))
                    && !_addresses.Contains(device.Address));
            devices.AddRange(others.ToArray());
        }

        return devices;
    }

    private IEnumerable<IommuGroup> Groups() =>
        _devices.Select(device => device.IommuGroup)
            .OfType<int>()
            .Distinct()
            .Select(_context.Bus.GetGroup)
            .OfType<IommuGroup>();

    // If only bridges are named, there is no reason to unbind them.
    private bool IsUnboundWithGroup(PciDeviceInfo device) =>
        _options.WholeGroup && HostSurvey.IsUnboundWithGroup(device)
            && _devices.Any(other => !other.IsBridge && other.IommuGroup == device.IommuGroup);

    private BindCandidate Find(PciDeviceInfo device)
    {
        JournalEntry? entry = _context.Journal.Find(device.Address);
        if (entry?.ParseError is not null)
        {
            throw _context.Journal.Corrupt(entry);
        }

        string module = _unbound.Contains(device) ? "" : ModuleFor(device);
        return new BindCandidate(
            device,
            entry,
            module,
            _unbound.Contains(device) ? JournalEntry.NoDriver : _modules.NameOf(module, RequestedDriver(device)),
            _context.Steps.EndPending(entry));
    }

    // Reasons that concern the host, uses of the devices, and what other programs have bound.
    private IEnumerable<BindingRefusal> Judge() => _devices
        .SelectMany(device => _unbound.Contains(device)
            ? _survey.JudgeWithGroup(device, thorough: true)
            : _survey.Judge(device, thorough: true))
        .Where(refusal => !(refusal.CanForce && _options.Force)).SelectMany(JudgeNoIommu)
        .Concat(JudgeHost())
        .Concat(_options.Exclusive ? new ExclusiveBind(_context, _grant).Judge(_devices, _user) : [])
        .Concat(_options.Persist ? _files.Refusals(_devices) : []);

    // Reasons that concern one device and how it is to be bound.
    private IEnumerable<BindingRefusal> Judge(BindCandidate candidate)
    {
        PciDeviceInfo device = candidate.Device;
        if (_unbound.Contains(device))
        {
            yield break;
        }

        if (_user is not null && (device.IommuGroup is null || device.IsNoIommu()))
        {
            yield return candidate.Refuse(
                RefusalReason.RootOnly, "only root can open a device without an IOMMU (CAP_SYS_RAWIO)");
        }
        else if (_user is (uint uid, _, string name) && _grant.OtherUser(device, uid, name) is string other)
        {
            yield return candidate.Refuse(
                RefusalReason.OtherUser,
                $"its IOMMU group {device.IommuGroup} is bound for user {other} already, and the kernel "
                + $"cannot split a group");
        }

        if (device.HasVfioDriver && device.Driver != candidate.Driver)
        {
            yield return candidate.Refuse(
                RefusalReason.OtherDriver,
                $"it is bound to {device.Driver} already, and {candidate.Driver} was requested");
        }

        if (candidate.Pending is null && _context.Steps.FindLeaving(device) is string driver)
        {
            yield return candidate.Refuse(RefusalReason.Busy, $"another program is still unbinding it from {driver}");
        }

        if (candidate.Existing?.User is string former
            && !candidate.Existing.IsBoundFor(_user?.Uid, _user?.Name)
            && device.HasVfioDriver
            && _context.Holders.GetHolders(device) is { Count: > 0 } holders)
        {
            yield return candidate.Refuse(
                RefusalReason.InUse,
                $"it is bound for user {former}, and in use by {string.Join(", ", holders)}",
                $"vfio release {device.Address} first, then bind it again",
                holders);
        }
    }

    // A device without an IOMMU is bound only if the options ask for it and the kernel's no-IOMMU mode is on.
    private IEnumerable<BindingRefusal> JudgeNoIommu(BindingRefusal refusal)
    {
        if (refusal.Reason != RefusalReason.NoIommu || !_options.NoIommu)
        {
            return [refusal];
        }

        bool isInMode =
            SysfsFile.Read(_options.Host.Combine("sys/module/vfio/parameters/enable_unsafe_noiommu_mode")) == "Y";
        return isInMode
            ? []
            : [new BindingRefusal(
                refusal.Device,
                RefusalReason.NoIommuMode,
                "it has no IOMMU, and the kernel's no-IOMMU mode is off",
                canForce: false)];
    }

    // Obstacles of the host, which the diagnosis would report too, whatever the device.
    private IEnumerable<BindingRefusal> JudgeHost()
    {
        if (_devices.FirstOrDefault(device => !device.HasVfioDriver) is not PciDeviceInfo first)
        {
            return [];
        }

        HashSet<string> modules = [.. _devices.Where(device => NeedsModule(device, DriverFor(device)))
            .SelectMany(device => _modules.Needed(ModuleFor(device)))];
        bool isAddressed = _options.NoIommu || first.IommuGroup is null;
        return _obstacles.Find([.. modules.Union(isAddressed ? [] : AddressSpaceModule())])
            .Concat(isAddressed || _obstacles.OfAddressSpace() is not HostObstacle without ? [] : [without])
            .Select(obstacle => new BindingRefusal(
                first.Address, obstacle.Reason, obstacle.What, canForce: false, obstacle.Hint));
    }

    private (IEnumerable<BindingStep> Remember, IEnumerable<BindingStep> Take) StepsFor(BindCandidate candidate)
    {
        PciDeviceInfo device = candidate.Device;
        bool isUnknown = _options.Persist && candidate.Existing is null;
        IEnumerable<BindingStep> first = candidate.Pending is null ? [] : [candidate.Pending];
        if (device.HasVfioDriver && !isUnknown && (_user is null || _grant.HasAccess(device, _user.Value.Uid)))
        {
            return (first, []);
        }

        // The release of the last device unloads the modules that were loaded.
        bool isToBeLoaded = NeedsModule(device, candidate.Driver) && _loaded.Add(candidate.Module);
        string[] missing = isToBeLoaded ? [.. _modules.Missing(candidate.Module)] : [];
        string[] spaces = device.HasVfioDriver || device.IommuGroup is null || _options.NoIommu
            ? []
            : [.. AddressSpaceModule().Except(missing).Where(_loaded.Add)];
        JournalEntry entry = EntryFor(candidate);
        entry = entry with { LoadedModules = [.. entry.LoadedModules.Union(missing).Union(spaces)] };
        if (_user is (uint uid, _, string name))
        {
            entry = entry with { User = name, UserId = uid, Nodes = _grant.AccessBefore(device, entry, uid, name) };
        }

        _undo.Note(device, candidate.Before, _grant.NodesOf(device).Select(_grant.PathOf));
        IEnumerable<BindingStep> take = device.HasVfioDriver ? [] : _context.Steps.Take(
            device,
            candidate.Driver,
            isToBeLoaded ? candidate.Module : null,
            device.Driver is null ? [] : _survey.Holders(device),
            candidate.Pending is not null);
        return (
            [.. first, .. RevokePrevious(candidate), _context.Steps.Remember(entry)],
            [
                .. spaces.Select(_context.Steps.LoadModule),
                .. take,
                .. _user is null ? [] : _grant.Steps(device, _user.Value),
            ]);
    }

    private (IEnumerable<BindingStep> Remember, IEnumerable<BindingStep> Take) StepsToUnbind(BindCandidate candidate)
    {
        PciDeviceInfo device = candidate.Device;

        // An entry that a killed bind left behind still has the state before it.
        JournalEntry entry = candidate.Before is { IsUnbound: true } before && before.OriginalDriver == device.Driver
            ? before
            : DeviceRecord.Describe(_context, device, _survey) with { Driver = JournalEntry.NoDriver };
        _undo.Note(device, candidate.Before, []);
        return (
            [
                .. candidate.Pending is null ? Array.Empty<BindingStep>() : [candidate.Pending],
                _context.Steps.Remember(entry),
            ],
            [
                _context.Steps.Override(device, JournalEntry.NoDriver),
                _context.Steps.Unbind(device, _survey.Holders(device)),
            ]);
    }

    // Makes the journal's entry for the device. An entry that a killed bind left behind still has the state before it.
    // An entry of another card, or from before another program changed the driver, does not.
    private JournalEntry EntryFor(BindCandidate candidate)
    {
        PciDeviceInfo device = candidate.Device;
        JournalEntry? existing = candidate.Existing;
        bool isStale = existing is not null && !device.HasVfioDriver
            && ((existing.VendorId, existing.DeviceId) != (device.VendorId, device.DeviceId)
                || (device.Driver is not null && device.Driver != existing.OriginalDriver));
        JournalEntry entry = existing is null || isStale ? DeviceRecord.Describe(
            _context, device, _survey) with
        { Driver = candidate.Driver, LoadedModules = existing?.LoadedModules ?? [] }
            : device.HasVfioDriver ? existing
            : existing with
            {
                Driver = candidate.Driver,
                User = null,
                UserId = null,
                Nodes = [],
                BoundAt = _context.Clock.GetUtcNow(),
                BoundBy = DeviceRecord.Caller(),
                ProcessId = Environment.ProcessId,
            };

        // An entry that exists only because of virtual functions does not have the device's state before this bind.
        return candidate.Before is { IsBound: false } functions
            ? entry with
            {
                PreviousFunctionCount = functions.PreviousFunctionCount,
                EnabledFunctions = functions.EnabledFunctions,
            }
            : entry;
    }

    // Revokes the previous user's access first, because the entry that records it is about to be overwritten. The
    // device's own node is included, since it stays as long as the device stays bound.
    private IEnumerable<BindingStep> RevokePrevious(BindCandidate candidate)
    {
        if (candidate.Existing is not { User: not null } existing || existing.IsBoundFor(_user?.Uid, _user?.Name))
        {
            return [];
        }

        IEnumerable<NodeAccess> own = _grant.NodesOf(candidate.Device)
            .Where(node => existing.Nodes.All(access => access.Node != node))
            .Select(node => new NodeAccess(node, Before: null));
        return NodeRestorer.Plan(
            _context,
            NodeRestorer.WithUser(existing) with { Nodes = [.. existing.Nodes, .. own] },
            candidate.Device,
            released: []);
    }

    private string[] AddressSpaceModule() => _obstacles.ForAddressSpace() is string module ? [module] : [];

    private bool NeedsModule(PciDeviceInfo device, string driver) =>
        !device.HasVfioDriver && !_unbound.Contains(device) && !_context.Steps.HasDriver(driver);

    // The module is only needed if the device is not bound to a VFIO driver already.
    private string ModuleFor(PciDeviceInfo device) =>
        device.VfioDriver is null ? _modules.ModuleOf(device, RequestedDriver(device)) : "";

    private string DriverFor(PciDeviceInfo device) =>
        _unbound.Contains(device) ? JournalEntry.NoDriver : _modules.NameOf(ModuleFor(device), RequestedDriver(device));

    private string RequestedDriver(PciDeviceInfo device) =>
        _options.Driver ?? device.VfioDriver ?? PciDeviceInfo.VfioPciDriver;
}
