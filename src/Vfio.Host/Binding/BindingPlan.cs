using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// What taking some devices would do: the devices, what forbids it, what would still block, and every change of the host in
/// order. Computing it changes nothing; executing it takes all of the devices or none.
/// </summary>
public sealed partial class BindingPlan
{
    private readonly IReadOnlyList<PciAddress> _addresses;
    private readonly BindOptions _options;
    private readonly List<(PciAddress Device, BindingStep Step)> _steps = [];
    private readonly BindingUndo _undo;
    private readonly NodeGift _gift;
    private readonly IHostChanges _changes;
    private readonly BindingJournal _journal;
    private readonly DeviceSteps _kit;
    private readonly ModuleSteps _modules;
    private readonly PersistentFiles _files;
    private readonly HostObstacles _obstacles;

    private BindingPlan(IReadOnlyList<PciAddress> addresses, BindOptions options)
    {
        _addresses = addresses;
        _options = options;
        _changes = options.Changes ?? new HostChanges(options.Helper);
        _journal = new BindingJournal(options.Host);
        _kit = new DeviceSteps(options.Host, _changes, _journal, options.Patience);
        _modules = new ModuleSteps(options.Host, _changes, _journal);
        _undo = new BindingUndo(new DeviceRestorer(_kit, _journal, options.Host, _changes), _journal, _changes);
        _gift = new NodeGift(_kit, _journal, options.Host);
        _obstacles = new HostObstacles(options.Host);
        _files = new PersistentFiles(options.Host, options.Files ?? new HostFiles(), _journal, options.Program, DriverFor);
    }

    /// <summary>What will be taken: the devices named and, with <see cref="BindOptions.WholeGroup"/>, the other endpoints of their groups, and <see cref="Unbound"/>.</summary>
    public IReadOnlyList<PciDeviceInfo> Devices { get; private set; } = [];

    /// <summary>Those that are only taken from their drivers, and given to none: bridges, other than to PCI, in a group that is bound as a whole.</summary>
    public IReadOnlyList<PciDeviceInfo> Unbound { get; private set; } = [];

    /// <summary>What forbids it; empty where the plan may be executed. With <see cref="BindOptions.Force"/>, only what cannot be forced.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; private set; } = [];

    /// <summary>Endpoints in the devices' groups that would still belong to a host driver, so that the kernel gives none of the group away.</summary>
    public IReadOnlyList<PciDeviceInfo> Blockers { get; private set; } = [];

    /// <summary>Every change of the host, in order; empty where everything is as wanted already.</summary>
    public IReadOnlyList<BindingStep> Steps => [.. _steps.Select(step => step.Step)];

    /// <summary>What a person should know who takes these devices, a sentence each: another tool that gives them away too, a plugging in that is not followed.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>The devices that the plan takes anew, not taken by an earlier one.</summary>
    internal IReadOnlyList<PciAddress> NewlyTaken => _undo.NewlyTaken;

    /// <summary>Computes the plan for some devices; first waits for programs that have them open, where told to.</summary>
    /// <param name="addresses">The devices; a plan for none has no steps.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan, which may hold refusals.</returns>
    /// <exception cref="VfioException">A device is absent, the user is unknown, or the journal's entry of a device is damaged.</exception>
    public static BindingPlan Compute(IReadOnlyList<PciAddress> addresses, BindOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        BindingPlan plan = new(addresses, options ?? new BindOptions());
        plan.WaitForHolders();
        plan.Compute();
        return plan;
    }

    /// <summary>Takes the devices: all of them, or none. Waits for other programs that are changing bindings.</summary>
    /// <remarks>Looks at the host again first: what counts is the state at the moment of the change. Not to be cut short by a
    /// signal; a process killed in the middle leaves a journal from which <see cref="ReleasePlan"/> restores the host.</remarks>
    /// <exception cref="BindingRefusedException">It would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">A step failed; what had been done was undone.</exception>
    public void Execute()
    {
        if (_steps.Count == 0 && Refusals.Count == 0)
        {
            return;
        }

        if (Refusals.Count != 0)
        {
            throw new BindingRefusedException(Refusals);
        }

        PciAddress[] devices = [.. Devices.Select(device => device.Address)];
        using IDisposable alone = _kit.Lock(devices);
        try
        {
            Array.ForEach(devices, device => _kit.Settle(device, "bind"));
            using StepRunner runner = new(_journal, _changes);
            // What is computed of nodes that several devices have holds until it is in the journal.
            runner.Share();
            Compute();
            if (Devices.FirstOrDefault(device => !devices.Contains(device.Address)) is PciDeviceInfo come)
            {
                throw new VfioException("bind", come.Address.ToString(), "it came into the group just now", "bind again");
            }

            Execute(runner);
        }
        finally
        {
            _changes.EndWriter();
        }
    }

    private void Execute(StepRunner runner)
    {
        if (Refusals.Count != 0)
        {
            throw new BindingRefusedException(Refusals);
        }

        int done = 0;
        try
        {
            for (; done < _steps.Count; done++)
            {
                runner.Run(_steps[done].Step);
            }
        }
        catch (VfioException failure)
        {
            runner.Dispose();
            // The step that failed may have been half done: its device is undone too.
            _undo.Run([.. _steps[..(done + 1)].Select(step => step.Device).Distinct()], failure);
            throw;
        }
    }

    private void WaitForHolders()
    {
        HolderWait wait = new(_options.Force ? null : _options.Patience, _changes);
        foreach (PciDeviceInfo device in _options.Patience is null ? [] : FindDevices().Where(device => !device.HasVfioDriver))
        {
            wait.For(device.Address, () => new HostSurvey(_options.Host).Holders(device));
        }
    }

    private void Compute()
    {
        _steps.Clear();
        _undo.Clear();
        Devices = FindDevices();
        (uint Uid, uint Gid, string Name)? user = _options.User is null ? null : Users.Get(_options.User);
        HostSurvey survey = new(_options.Host);
        Unbound = [.. Devices.Where(IsUnboundWithGroup)];
        Refusals = [.. Devices.SelectMany(device => Unbound.Contains(device) ? survey.JudgeAlong(device, thorough: true) : survey.Judge(device, thorough: true))
            .Where(refusal => !(refusal.CanForce && _options.Force)).SelectMany(JudgeNoIommu)
            .Concat(JudgeHost())
            .Concat(_options.Exclusive ? new TakenDevices(_options.Host, _journal, _gift).Judge(Devices, user) : [])
            .Concat(_options.Persist ? _files.Refusals(Devices) : [])];
        Notes = [.. _files.Notes(Devices, _options), .. Devices.Where(device => !device.HasVfioDriver).SelectMany(survey.Warnings)];
        HashSet<PciAddress> taken = [.. Devices.Select(device => device.Address)];
        Blockers = [.. Groups().SelectMany(group => group.Blockers()).Where(device => !taken.Contains(device.Address))];
        HashSet<string> loaded = [];
        List<(PciAddress, BindingStep)> first = [];
        foreach (PciDeviceInfo device in Devices)
        {
            (List<BindingStep> remember, List<BindingStep> take) = Unbound.Contains(device) ? StepsToUnbind(device, survey) : StepsFor(device, survey, user, loaded);
            first.AddRange(remember.Select(step => (device.Address, step)));
            _steps.AddRange(take.Select(step => (device.Address, step)));
        }

        // All are remembered before one is touched, and before another process may change what they share.
        _steps.InsertRange(0, first);

        // Last: they take themselves back where one of them fails, and the devices then go back as after any failure.
        if (Devices.Count != 0 && Refusals.Count == 0)
        {
            IEnumerable<BindingStep> files = [.. _options.Persist ? _files.Add(Devices, user?.Name) : [], .. user is null ? [] : _files.FollowUser([.. Devices.Except(Unbound)], _options.Persist)];
            _steps.AddRange(files.Select(step => (Devices[^1].Address, step)));
        }
    }

    // What the diagnosis would find in the way too, of whatever device.
    private IEnumerable<BindingRefusal> JudgeHost()
    {
        if (Devices.FirstOrDefault(device => !device.HasVfioDriver) is not PciDeviceInfo first)
        {
            return [];
        }

        HashSet<string> modules = [.. Devices.Where(device => NeedsModule(device, DriverFor(device))).SelectMany(device => _modules.Needed(ModuleFor(device)))];
        bool isAddressed = _options.NoIommu || first.IommuGroup is null;
        return _obstacles.Find([.. modules.Union(isAddressed ? [] : AddressSpaceModule())])
            .Concat(isAddressed || _obstacles.OfAddressSpace() is not HostObstacle without ? [] : [without])
            .Select(obstacle => new BindingRefusal(first.Address, obstacle.Reason, obstacle.What, CanForce: false) { Hint = obstacle.Hint });
    }

    private string[] AddressSpaceModule() => _obstacles.ForAddressSpace() is string module ? [module] : [];

    private bool NeedsModule(PciDeviceInfo device, string driver) => !device.HasVfioDriver && !Unbound.Contains(device) && !_kit.HasDriver(driver);

    // Where nothing but bridges is bound, there is nothing to bind them for.
    private bool IsUnboundWithGroup(PciDeviceInfo device) => _options.WholeGroup && HostSurvey.IsUnboundWithGroup(device)
        && Devices.Any(other => !other.IsBridge && other.IommuGroup == device.IommuGroup);

    // A device without an IOMMU is taken where that was asked for, and the kernel is in its mode for it.
    private IEnumerable<BindingRefusal> JudgeNoIommu(BindingRefusal refusal)
    {
        if (refusal.Reason != "no-iommu" || !_options.NoIommu)
        {
            return [refusal];
        }

        bool isInMode = SysfsFile.Read(_options.Host.Combine("sys/module/vfio/parameters/enable_unsafe_noiommu_mode")) == "Y";
        return isInMode ? [] : [new BindingRefusal(refusal.Device, "no-iommu-mode", "it has no IOMMU, and the kernel's mode for such devices is off", CanForce: false)];
    }

    private List<PciDeviceInfo> FindDevices()
    {
        List<PciDeviceInfo> devices = [.. _addresses.Distinct().Select(_kit.Bus.Get)];
        if (_options.WholeGroup)
        {
            IEnumerable<PciDeviceInfo> others = devices
                .Select(device => device.IommuGroup)
                .OfType<int>()
                .Distinct()
                .SelectMany(number => _kit.Bus.Group(number)?.Devices ?? [])
                .Where(device => (!device.IsBridge || HostSurvey.IsUnboundWithGroup(device)) && !_addresses.Contains(device.Address));
            devices.AddRange(others.ToArray());
        }

        return devices;
    }

    private IEnumerable<IommuGroup> Groups() =>
        Devices.Select(device => device.IommuGroup).OfType<int>().Distinct().Select(_kit.Bus.Group).OfType<IommuGroup>();
}
