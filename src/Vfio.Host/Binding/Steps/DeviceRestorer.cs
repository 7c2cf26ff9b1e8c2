using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Restores a device to the state in its journal entry, whatever its current state: a bind or a release may have been
/// killed at any point. Each call makes the steps that are still missing.
/// </summary>
internal sealed class DeviceRestorer(HostContext context)
{
    private readonly ModuleSteps _modules = new(context);
    private readonly FunctionSteps _functions = new(context);

    /// <summary>Plans the steps for one device.</summary>
    /// <param name="entry">The state to restore.</param>
    /// <param name="force">Whether to continue if a program holds the device, or if the entry is corrupt.</param>
    /// <param name="released">When only planning: the devices that will have been released before this one.</param>
    /// <exception cref="VfioException">
    /// The entry is corrupt, or its user cannot be looked up, and <paramref name="force"/> is <see langword="false"/>.
    /// </exception>
    public RestorePlan Plan(JournalEntry entry, bool force, IReadOnlyCollection<PciAddress> released)
    {
        PciDeviceInfo? device = context.Bus.Find(entry.Address);
        BindingStep? pending = context.Steps.EndPending(entry);
        List<BindingStep> steps = pending is null ? [] : [pending];
        if (entry.ParseError is not null && !(force && entry.IsUnderstood))
        {
            AddCorrupt(entry, device, force, steps);
            return new RestorePlan(steps, () => [context.Steps.Forget(entry.Address)]);
        }

        entry = WithUser(entry with { ParseError = null }, force, steps);

        // The device is gone, or another card is in its place: only what it shares with other devices is left to
        // restore.
        if (device is null || device.VendorId != entry.VendorId || device.DeviceId != entry.DeviceId)
        {
            return new RestorePlan(steps, () => Shared(entry, device: null, released));
        }

        // Changing the driver removed the virtual functions, and the program that changed it decides how many there are
        // now.
        if (!entry.IsBound && device.Driver != entry.OriginalDriver)
        {
            steps.Add(context.Steps.Drop(
                $"its driver has changed to {device.Driver ?? "none"}, so its virtual functions are left as they are"));
            return new RestorePlan(steps, () => [.. _functions.Disable(entry), context.Steps.Forget(entry.Address)]);
        }

        if (Judge(entry, device, force, pending is not null, released).ToArray() is { Length: > 0 } refusals)
        {
            return new RestorePlan(steps, () => []) { Refusals = refusals };
        }

        // It was bound to VFIO before this bind, and another program has changed the driver since. That change is kept.
        if (IsElsewhere(entry, device))
        {
            steps.Add(context.Steps.Drop($"its driver has changed to {device.Driver ?? "none"}, so it is not bound to "
                + $"{entry.OriginalDriver} again"));
            return new RestorePlan(steps, () => Shared(entry, device, released));
        }

        return Restore(entry, device, steps, pending is not null, released);
    }

    private RestorePlan Restore(
        JournalEntry entry,
        PciDeviceInfo device,
        List<BindingStep> steps,
        bool isPending,
        IReadOnlyCollection<PciAddress> released)
    {
        bool moves = device.Driver != entry.OriginalDriver;
        IReadOnlyList<DeviceHolder> holders = FindHolders(entry, device);
        JournalEntry after =
            entry with { EnabledFunctions = _functions.Enables(entry, device, moves && entry.IsBound) };
        if (!entry.IsBound)
        {
            steps.AddRange(_functions.Restore(entry, device, moves: false, holders));
            return new RestorePlan(steps, () => [.. _functions.Disable(after), context.Steps.Forget(entry.Address)]);
        }

        AddMove(entry, device, moves, holders, isPending, steps);
        steps.AddRange(_functions.Restore(entry, device, moves, moves ? [] : holders));
        InterfaceRestorer interfaces = new(context);
        steps.AddRange(entry.Interfaces.Count == 0 ? [] : interfaces.Plan(entry));
        if (entry.Disks.Count != 0)
        {
            steps.Add(WaitForDisks(entry));
        }

        return new RestorePlan(steps, () => Shared(after, device, released));
    }

    private static bool IsElsewhere(JournalEntry entry, PciDeviceInfo device) =>
        entry.IsBound && entry.OriginalDriver == entry.Driver && !device.HasVfioDriver;

    private JournalEntry WithUser(JournalEntry entry, bool force, List<BindingStep> steps)
    {
        try
        {
            return NodeRestorer.WithUser(entry);
        }
        catch (VfioException e) when (force)
        {
            steps.Add(context.Steps.Drop($"the access of user {entry.User} to its nodes is not revoked: {e.Message}"));
            return entry with { User = null };
        }
    }

    // Checks the holders of the device, an unbind by another program, a new use under another driver, and its virtual
    // functions, which would vanish.
    private IEnumerable<BindingRefusal> Judge(
        JournalEntry entry, PciDeviceInfo device, bool force, bool isPending, IReadOnlyCollection<PciAddress> released)
    {
        bool isElsewhere = IsElsewhere(entry, device);
        if (!force && !isElsewhere && FindHolders(entry, device) is { Count: > 0 } holders)
        {
            yield return new BindingRefusal(
                entry.Address,
                RefusalReason.InUse,
                $"it is still in use by {string.Join(", ", holders)}",
                canForce: true)
            {
                Holders = holders,
            };
            yield break;
        }

        if (!isPending && context.Steps.FindLeaving(device) is string driver)
        {
            yield return new BindingRefusal(
                entry.Address,
                RefusalReason.Busy,
                $"another program is still unbinding it from {driver}",
                canForce: false);
        }

        if (force || isElsewhere)
        {
            yield break;
        }

        foreach (BindingRefusal refusal in JudgeUse(entry, device, released))
        {
            yield return refusal;
        }
    }

    private IEnumerable<BindingRefusal> JudgeUse(
        JournalEntry entry, PciDeviceInfo device, IReadOnlyCollection<PciAddress> released)
    {
        // Another driver may have been bound to the device meanwhile, and the device may be in use through it.
        if (device.Driver is not null && !device.HasVfioDriver && device.Driver != entry.OriginalDriver
            && Survey().Judge(device, thorough: true).FirstOrDefault(refusal => refusal.CanForce) is BindingRefusal use)
        {
            yield return new BindingRefusal(
                entry.Address,
                use.Reason,
                $"it is now bound to {device.Driver}, and {use.Explanation}",
                canForce: true,
                "stop that use first, or unbind it from that driver anyway with --force");
        }

        // What vfio sriov would refuse is refused here too.
        if (FunctionSteps.Loses(entry, device)
            && device.GetVirtualFunctions()
                .SelectMany(function => _functions.JudgeVanishing(function, released))
                .FirstOrDefault() is BindingRefusal vanishing)
        {
            yield return new BindingRefusal(
                entry.Address,
                RefusalReason.Functions,
                $"its virtual functions would vanish, but {vanishing.Device} cannot be removed: "
                + $"{vanishing.Explanation}",
                canForce: true,
                $"stop that use first (vfio release {vanishing.Device} if it is bound), or remove "
                + $"it anyway with --force");
        }
    }

    private HostSurvey Survey() => new(context.Host, context.Holders);

    private void AddMove(
        JournalEntry entry,
        PciDeviceInfo device,
        bool moves,
        IReadOnlyList<DeviceHolder> holders,
        bool isPending,
        List<BindingStep> steps)
    {
        // Meanwhile driver_override names the driver to go back to, so that no other driver that matches is bound.
        string? transient = moves && entry.OriginalDriver is not null ? entry.OriginalDriver : entry.PreviousOverride;
        if (isPending || context.Steps.ReadOverride(device) != transient)
        {
            steps.Add(context.Steps.Override(device, transient));
        }

        if (moves)
        {
            if (device.Driver is not null)
            {
                steps.Add(context.Steps.Unbind(device, holders));
            }

            AddAttach(entry, device, steps);
        }

        if (transient != entry.PreviousOverride)
        {
            steps.Add(context.Steps.Override(device, entry.PreviousOverride));
        }
    }

    // These come last and together, because the entries that exist at that time decide what other devices still need.
    private BindingStep[] Shared(JournalEntry entry, PciDeviceInfo? device, IReadOnlyCollection<PciAddress> released) =>
    [
        .. NodeRestorer.Plan(context, entry, device, released),
        .. _functions.Disable(entry),
        .. _modules.Unload(entry, released),
        context.Steps.Forget(entry.Address),
    ];

    /// <summary>
    /// Makes the steps for a device that was to be bound again but was not: they remove the override that the udev rule
    /// set, and let the kernel look for a driver.
    /// </summary>
    /// <param name="device">The current state of the device.</param>
    /// <param name="known">Its state before it was first bound.</param>
    public IEnumerable<BindingStep> GiveUp(PciDeviceInfo device, JournalEntry known)
    {
        if (device.HasVfioDriver
            || context.Steps.ReadOverride(device) is not string name
            || name != known.Driver
            || name == known.PreviousOverride)
        {
            yield break;
        }

        yield return context.Steps.Override(device, known.PreviousOverride);
        if (device.Driver is null)
        {
            yield return context.Steps.ProbeAny(device);
        }
    }

    // Finds the processes that would have to close the device before it can go back.
    private IReadOnlyList<DeviceHolder> FindHolders(JournalEntry entry, PciDeviceInfo device) =>
        device.Driver != entry.OriginalDriver
        || device.Driver is null ? entry.IsBound ? HoldersOf([device, .. device.GetVirtualFunctions()]) : []
        : FunctionSteps.Loses(entry, device) ? HoldersOf(device.GetVirtualFunctions()) : [];

    private IReadOnlyList<DeviceHolder> HoldersOf(IEnumerable<PciDeviceInfo> devices) =>
        [.. devices.Where(held => held.MayBeHeldByVfio).SelectMany(context.Holders.GetHolders)];

    private void AddAttach(JournalEntry entry, PciDeviceInfo device, List<BindingStep> steps)
    {
        if (entry.OriginalDriver is not string driver)
        {
            return;
        }

        if (!context.Steps.HasDriver(driver))
        {
            steps.Add(context.Steps.LoadModule(entry.OriginalModule ?? driver, driver));
        }

        // When the module is loaded, its driver probes all devices without a driver, so this one may be bound already.
        BindingStep attach = context.Steps.Attach(device, driver);
        steps.Add(new BindingStep(attach.Description, () =>
        {
            if (context.Bus.Find(entry.Address)?.Driver != driver)
            {
                attach.Run();
            }
        }));
    }

    // Namespaces are scanned after the write to the driver's bind file returns. The entry is removed even if disks do
    // not come back.
    private BindingStep WaitForDisks(JournalEntry entry) =>
        new($"wait for {string.Join(", ", entry.Disks)}", () =>
        {
            string[] missing = [.. entry.Disks];
            context.Steps.WaitUntil(() => (missing = [.. missing.Where(
                disk => !Directory.Exists(context.Host.Combine($"sys/class/block/{disk}")))]).Length == 0);
            context.Steps.Dropped.AddRange(missing.Select(disk => $"its disk {disk} has not reappeared"));
        });

    private void AddCorrupt(JournalEntry entry, PciDeviceInfo? device, bool force, List<BindingStep> steps)
    {
        if (!force)
        {
            throw context.Journal.Corrupt(entry);
        }

        if (device is null)
        {
            return;
        }

        steps.Add(context.Steps.Override(device, null));
        if (device.HasVfioDriver)
        {
            steps.Add(context.Steps.Unbind(device, HoldersOf([device, .. device.GetVirtualFunctions()])));
        }

        steps.Add(context.Steps.ProbeAny(device));
    }
}
