using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Puts a device back as its journal entry remembers it, from whatever state it is in: a bind or a release may have been
/// killed anywhere. Each call makes the steps that are still missing.
/// </summary>
internal sealed class DeviceRestorer(DeviceSteps kit, BindingJournal journal, HostRoot host, IHostChanges changes)
{
    private readonly ModuleSteps _modules = new(host, changes, journal);
    private readonly FunctionSteps _functions = new(kit, journal, host, changes);

    /// <param name="entry">What to go back to.</param>
    /// <param name="force">Whether to go on where a program holds the device, or the entry is damaged.</param>
    /// <param name="released">Devices that will have been handed back before this one, when only planning.</param>
    /// <exception cref="VfioException">A program holds the device, and <paramref name="force"/> is not given; or the entry is damaged.</exception>
    public RestorePlan Plan(JournalEntry entry, bool force, IReadOnlyCollection<PciAddress> released)
    {
        PciDeviceInfo? device = kit.Bus.Find(entry.Address);
        BindingStep? pending = kit.EndPending(entry);
        List<BindingStep> steps = pending is null ? [] : [pending];
        if (entry.Damage is not null && !(force && entry.IsUnderstood))
        {
            AddDamaged(entry, device, force, steps);
            return new RestorePlan(steps, () => [kit.Forget(entry.Address)]);
        }

        entry = entry with { Damage = null };
        try
        {
            entry = NodeRestorer.WithUser(entry);
        }
        catch (VfioException e) when (force)
        {
            steps.Add(kit.Drop($"what user {entry.User} may open is left as it is: {e.Message}"));
            entry = entry with { User = null };
        }

        // Gone, or another card in its place: there is nothing to hand back but what others share.
        if (device is null || device.VendorId != entry.VendorId || device.DeviceId != entry.DeviceId)
        {
            return new RestorePlan(steps, () => Shared(entry, device: null, released));
        }

        // Whoever changed the driver meanwhile has ended the functions, and knows how many there are to be.
        if (!entry.IsTaken && device.Driver != entry.DriverBefore)
        {
            steps.Add(kit.Drop($"its driver is {device.Driver ?? "none"} now: its virtual functions are left as they are"));
            return new RestorePlan(steps, () => [.. _functions.Disable(entry), kit.Forget(entry.Address)]);
        }

        // It was with VFIO before it was bound, and somebody has taken it from there since: that is not undone.
        if (entry.IsTaken && entry.DriverBefore == entry.Driver && !device.HasVfioDriver)
        {
            if (pending is null)
            {
                kit.CheckNotLeaving(device, "release");
            }

            steps.Add(kit.Drop($"it is with {device.Driver ?? "no driver"} now: it is left there, and not given to {entry.DriverBefore} again"));
            return new RestorePlan(steps, () => Shared(entry, device, released));
        }

        bool moves = device.Driver != entry.DriverBefore;
        IReadOnlyList<DeviceHolder> holders = FindHolders(entry);
        if (holders.Count != 0 && !force)
        {
            throw new VfioException(
                "release", entry.Address.ToString(), $"it is still in use by {string.Join(", ", holders)}",
                "end that program first; --force lets a child process wait for it");
        }

        if (pending is null)
        {
            kit.CheckNotLeaving(device, "release");
        }

        CheckNotInUse(entry, device, force);
        CheckFunctions(entry, device, force, released);
        JournalEntry after = entry with { EnabledFunctions = _functions.Enables(entry, device, moves && entry.IsTaken) };
        if (!entry.IsTaken)
        {
            steps.AddRange(_functions.Restore(entry, device, moves: false, holders));
            return new RestorePlan(steps, () => [.. _functions.Disable(after), kit.Forget(entry.Address)]);
        }

        AddMove(entry, device, moves, holders, isPending: pending is not null, steps);
        steps.AddRange(_functions.Restore(entry, device, moves, moves ? [] : holders));
        InterfaceRestorer interfaces = new(host, changes, kit.Dropped);
        steps.AddRange(entry.Interfaces.Count == 0 ? [] : interfaces.Plan(entry));
        if (entry.Disks.Count != 0)
        {
            steps.Add(WaitForDisks(entry));
        }

        return new RestorePlan(steps, () => Shared(after, device, released));
    }

    private void AddMove(JournalEntry entry, PciDeviceInfo device, bool moves, IReadOnlyList<DeviceHolder> holders, bool isPending, List<BindingStep> steps)
    {
        // While it moves, the device is held for the driver it goes back to: no other that matches may take it.
        string? transient = moves && entry.DriverBefore is not null ? entry.DriverBefore : entry.OverrideBefore;
        if (isPending || kit.ReadOverride(device) != transient)
        {
            steps.Add(kit.Override(device, transient));
        }

        if (moves)
        {
            if (device.Driver is not null)
            {
                steps.Add(kit.Unbind(device, holders));
            }

            AddAttach(entry, device, steps);
        }

        if (transient != entry.OverrideBefore)
        {
            steps.Add(kit.Override(device, entry.OverrideBefore));
        }
    }

    // Last, and together: what other devices need of it is decided by the entries that there are then.
    private BindingStep[] Shared(JournalEntry entry, PciDeviceInfo? device, IReadOnlyCollection<PciAddress> released) =>
    [
        .. NodeRestorer.Plan(host, journal, entry, device, changes, released),
        .. _functions.Disable(entry),
        .. _modules.Unload(entry, released),
        kit.Forget(entry.Address),
    ];

    /// <summary>For a device that was to be taken again and was not: the override by which udev kept it for that goes, and the kernel looks for a driver.</summary>
    /// <param name="device">The device as it is.</param>
    /// <param name="known">How it was before it was taken the first time.</param>
    public IEnumerable<BindingStep> GiveUp(PciDeviceInfo device, JournalEntry known)
    {
        if (device.HasVfioDriver || kit.ReadOverride(device) is not string name || name != known.Driver || name == known.OverrideBefore)
        {
            yield break;
        }

        yield return kit.Override(device, known.OverrideBefore);
        if (device.Driver is null)
        {
            yield return kit.ProbeAny(device);
        }
    }

    /// <summary>Who would have to let go of the device before it can go back.</summary>
    public IReadOnlyList<DeviceHolder> FindHolders(JournalEntry entry)
    {
        PciDeviceInfo? device = kit.Bus.Find(entry.Address);
        return device is null || entry.Damage is not null ? []
            : device.Driver != entry.DriverBefore || device.Driver is null ? entry.IsTaken ? HoldersOf([device, .. device.FindVirtualFunctions()]) : []
            : FunctionSteps.Loses(entry, device) ? HoldersOf(device.FindVirtualFunctions()) : [];
    }

    // Its virtual functions vanish: what sriov would refuse is refused here.
    private void CheckFunctions(JournalEntry entry, PciDeviceInfo device, bool force, IReadOnlyCollection<PciAddress> released)
    {
        if (!force && FunctionSteps.Loses(entry, device)
            && device.FindVirtualFunctions().SelectMany(function => _functions.JudgeVanishing(function, released)).FirstOrDefault() is BindingRefusal refusal)
        {
            throw new VfioException(
                "release", entry.Address.ToString(), $"its virtual functions would vanish, and of {refusal.Device}: {refusal.Explanation}",
                $"stop that use first, and vfio release {refusal.Device} where it is taken; --force takes it away all the same");
        }
    }

    // Another driver may have been given the device meanwhile, and put it to use.
    private void CheckNotInUse(JournalEntry entry, PciDeviceInfo device, bool force)
    {
        if (force || device.Driver is null || device.HasVfioDriver || device.Driver == entry.DriverBefore)
        {
            return;
        }

        if (new HostSurvey(host).Judge(device, thorough: true).FirstOrDefault(refusal => refusal.CanForce) is BindingRefusal use)
        {
            throw new VfioException(
                "release", entry.Address.ToString(), $"the driver {device.Driver} has it now, and {use.Explanation}",
                "stop that use first; --force takes it from that driver all the same");
        }
    }

    private IReadOnlyList<DeviceHolder> HoldersOf(IEnumerable<PciDeviceInfo> devices)
    {
        DeviceHolders holders = new(host);
        return [.. devices.Where(held => held.MayBeHeldByVfio).SelectMany(holders.OfDevice)];
    }

    private void AddAttach(JournalEntry entry, PciDeviceInfo device, List<BindingStep> steps)
    {
        if (entry.DriverBefore is not string driver)
        {
            return;
        }

        if (!kit.HasDriver(driver))
        {
            steps.Add(kit.LoadModule(entry.ModuleBefore ?? driver, driver));
        }

        // Loading the module makes its driver look at every device without one: it may have taken this one already.
        BindingStep attach = kit.Attach(device, driver);
        steps.Add(new BindingStep(attach.Description, () =>
        {
            if (kit.Bus.Find(entry.Address)?.Driver != driver)
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
            kit.WaitUntil(() => (missing = [.. missing.Where(disk => !Directory.Exists(host.Combine($"sys/class/block/{disk}")))]).Length == 0);
            kit.Dropped.AddRange(missing.Select(disk => $"its disk {disk} did not come back"));
        });

    private void AddDamaged(JournalEntry entry, PciDeviceInfo? device, bool force, List<BindingStep> steps)
    {
        if (!force)
        {
            throw journal.Damaged(entry);
        }

        if (device is null)
        {
            return;
        }

        steps.Add(kit.Override(device, null));
        if (device.HasVfioDriver)
        {
            steps.Add(kit.Unbind(device, HoldersOf([device, .. device.FindVirtualFunctions()])));
        }

        steps.Add(kit.ProbeAny(device));
    }
}
