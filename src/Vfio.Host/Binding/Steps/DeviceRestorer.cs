using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Puts a device back as its journal entry remembers it, from whatever state it is in: a bind or a release may have been
/// killed anywhere. Each call makes the steps that are still missing.
/// </summary>
internal sealed class DeviceRestorer(HostContext context)
{
    private readonly ModuleSteps _modules = new(context);
    private readonly FunctionSteps _functions = new(context);

    /// <param name="entry">What to go back to.</param>
    /// <param name="force">Whether to go on where a program holds the device, or the entry is damaged.</param>
    /// <param name="released">Devices that will have been handed back before this one, when only planning.</param>
    /// <exception cref="VfioException">The entry is damaged, or its user cannot be looked up, and <paramref name="force"/> is not given.</exception>
    public RestorePlan Plan(JournalEntry entry, bool force, IReadOnlyCollection<PciAddress> released)
    {
        PciDeviceInfo? device = context.Bus.Find(entry.Address);
        BindingStep? pending = context.Steps.EndPending(entry);
        List<BindingStep> steps = pending is null ? [] : [pending];
        if (entry.ParseError is not null && !(force && entry.IsUnderstood))
        {
            AddDamaged(entry, device, force, steps);
            return new RestorePlan(steps, () => [context.Steps.Forget(entry.Address)]);
        }

        entry = WithUser(entry with { ParseError = null }, force, steps);

        // Gone, or another card in its place: there is nothing to hand back but what others share.
        if (device is null || device.VendorId != entry.VendorId || device.DeviceId != entry.DeviceId)
        {
            return new RestorePlan(steps, () => Shared(entry, device: null, released));
        }

        // Whoever changed the driver meanwhile has ended the functions, and knows how many there are to be.
        if (!entry.IsBound && device.Driver != entry.OriginalDriver)
        {
            steps.Add(context.Steps.Drop($"its driver is {device.Driver ?? "none"} now: its virtual functions are left as they are"));
            return new RestorePlan(steps, () => [.. _functions.Disable(entry), context.Steps.Forget(entry.Address)]);
        }

        if (Judge(entry, device, force, pending is not null, released).ToArray() is { Length: > 0 } refusals)
        {
            return new RestorePlan(steps, () => []) { Refusals = refusals };
        }

        // It was with VFIO before it was bound, and somebody has taken it from there since: that is not undone.
        if (IsElsewhere(entry, device))
        {
            steps.Add(context.Steps.Drop($"it is with {device.Driver ?? "no driver"} now: it is left there, and not given to {entry.OriginalDriver} again"));
            return new RestorePlan(steps, () => Shared(entry, device, released));
        }

        return Restore(entry, device, steps, pending is not null, released);
    }

    private RestorePlan Restore(JournalEntry entry, PciDeviceInfo device, List<BindingStep> steps, bool isPending, IReadOnlyCollection<PciAddress> released)
    {
        bool moves = device.Driver != entry.OriginalDriver;
        IReadOnlyList<DeviceHolder> holders = FindHolders(entry, device);
        JournalEntry after = entry with { EnabledFunctions = _functions.Enables(entry, device, moves && entry.IsBound) };
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

    private static bool IsElsewhere(JournalEntry entry, PciDeviceInfo device) => entry.IsBound && entry.OriginalDriver == entry.Driver && !device.HasVfioDriver;

    private JournalEntry WithUser(JournalEntry entry, bool force, List<BindingStep> steps)
    {
        try
        {
            return NodeRestorer.WithUser(entry);
        }
        catch (VfioException e) when (force)
        {
            steps.Add(context.Steps.Drop($"what user {entry.User} may open is left as it is: {e.Message}"));
            return entry with { User = null };
        }
    }

    // Who holds it, who takes it away just now, who has put it to use since; and its virtual functions, which vanish.
    private IEnumerable<BindingRefusal> Judge(JournalEntry entry, PciDeviceInfo device, bool force, bool isPending, IReadOnlyCollection<PciAddress> released)
    {
        bool isElsewhere = IsElsewhere(entry, device);
        if (!force && !isElsewhere && FindHolders(entry, device) is { Count: > 0 } holders)
        {
            yield return new BindingRefusal(entry.Address, RefusalReason.InUse, $"it is still in use by {string.Join(", ", holders)}", canForce: true) { Holders = holders };
            yield break;
        }

        if (!isPending && context.Steps.FindLeaving(device) is string driver)
        {
            yield return new BindingRefusal(entry.Address, RefusalReason.Busy, $"an unbind of it from {driver} by another program has not ended", canForce: false);
        }

        if (force || isElsewhere)
        {
            yield break;
        }

        // Another driver may have been given the device meanwhile, and put it to use.
        if (device.Driver is not null && !device.HasVfioDriver && device.Driver != entry.OriginalDriver
            && Survey().Judge(device, thorough: true).FirstOrDefault(refusal => refusal.CanForce) is BindingRefusal use)
        {
            yield return new BindingRefusal(
                entry.Address, use.Reason, $"the driver {device.Driver} has it now, and {use.Explanation}", canForce: true, "stop that use first; --force takes it from that driver all the same");
        }

        // What sriov would refuse is refused here.
        if (FunctionSteps.Loses(entry, device)
            && device.GetVirtualFunctions().SelectMany(function => _functions.JudgeVanishing(function, released)).FirstOrDefault() is BindingRefusal vanishing)
        {
            yield return new BindingRefusal(
                entry.Address, RefusalReason.Functions, $"its virtual functions would vanish, and of {vanishing.Device}: {vanishing.Explanation}", canForce: true,
                $"stop that use first, and vfio release {vanishing.Device} where it is taken; --force takes it away all the same");
        }
    }

    private HostSurvey Survey() => new(context.Host, context.Holders);

    private void AddMove(JournalEntry entry, PciDeviceInfo device, bool moves, IReadOnlyList<DeviceHolder> holders, bool isPending, List<BindingStep> steps)
    {
        // While it moves, the device is held for the driver it goes back to: no other that matches may take it.
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

    // Last, and together: what other devices need of it is decided by the entries that there are then.
    private BindingStep[] Shared(JournalEntry entry, PciDeviceInfo? device, IReadOnlyCollection<PciAddress> released) =>
    [
        .. NodeRestorer.Plan(context, entry, device, released),
        .. _functions.Disable(entry),
        .. _modules.Unload(entry, released),
        context.Steps.Forget(entry.Address),
    ];

    /// <summary>For a device that was to be taken again and was not: the override by which udev kept it for that goes, and the kernel looks for a driver.</summary>
    /// <param name="device">The device as it is.</param>
    /// <param name="known">How it was before it was taken the first time.</param>
    public IEnumerable<BindingStep> GiveUp(PciDeviceInfo device, JournalEntry known)
    {
        if (device.HasVfioDriver || context.Steps.ReadOverride(device) is not string name || name != known.Driver || name == known.PreviousOverride)
        {
            yield break;
        }

        yield return context.Steps.Override(device, known.PreviousOverride);
        if (device.Driver is null)
        {
            yield return context.Steps.ProbeAny(device);
        }
    }

    // Who would have to let go of the device before it can go back.
    private IReadOnlyList<DeviceHolder> FindHolders(JournalEntry entry, PciDeviceInfo device) =>
        device.Driver != entry.OriginalDriver || device.Driver is null ? entry.IsBound ? HoldersOf([device, .. device.GetVirtualFunctions()]) : []
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

        // Loading the module makes its driver look at every device without one: it may have taken this one already.
        BindingStep attach = context.Steps.Attach(device, driver);
        steps.Add(new BindingStep(attach.Description, () =>
        {
            if (context.Bus.Find(entry.Address)?.Driver != driver)
            {
                attach.Run();
            }
        }));
    }

    // Namespaces are scanned after the driver's bind returns. Disks that do not come back are no reason to keep the entry.
    private BindingStep WaitForDisks(JournalEntry entry) =>
        new($"wait for {string.Join(", ", entry.Disks)}", () =>
        {
            string[] missing = [.. entry.Disks];
            context.Steps.WaitUntil(() => (missing = [.. missing.Where(disk => !Directory.Exists(context.Host.Combine($"sys/class/block/{disk}")))]).Length == 0);
            context.Steps.Dropped.AddRange(missing.Select(disk => $"its disk {disk} did not come back"));
        });

    private void AddDamaged(JournalEntry entry, PciDeviceInfo? device, bool force, List<BindingStep> steps)
    {
        if (!force)
        {
            throw context.Journal.Damaged(entry);
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
