namespace Vfio.Binding;

/// <summary>
/// Puts a device back as its journal entry remembers it, from whatever state it is in: a bind or a release may have been
/// killed anywhere. Each call makes the steps that are still missing.
/// </summary>
internal static class DeviceRestorer
{
    public static void Run(DeviceSteps kit, BindingJournal journal, HostRoot host, JournalEntry entry, bool force, IHostChanges changes)
    {
        foreach (BindingStep step in Plan(kit, journal, host, entry, force, changes, released: []))
        {
            step.Run();
        }
    }

    /// <param name="kit">The steps.</param>
    /// <param name="journal">The journal.</param>
    /// <param name="host">The host.</param>
    /// <param name="entry">What to go back to.</param>
    /// <param name="force">Whether to go on where a program holds the device, or the entry is damaged.</param>
    /// <param name="changes">How the host is changed.</param>
    /// <param name="released">Devices that will have been handed back before this one, when only planning.</param>
    /// <param name="patience">How long the kernel is given to get the device back from a program that holds it; null for a moment.</param>
    /// <exception cref="VfioException">A program holds the device, and <paramref name="force"/> is not given; or the entry is damaged.</exception>
    public static List<BindingStep> Plan(
        DeviceSteps kit, BindingJournal journal, HostRoot host, JournalEntry entry, bool force, IHostChanges changes,
        IReadOnlyCollection<PciAddress> released, TimeSpan? patience = null)
    {
        PciDeviceInfo? device = kit.Bus.Find(entry.Address);
        if (entry.Damage is not null && !(force && entry.IsUnderstood))
        {
            return PlanDamaged(kit, journal, host, entry, device, force);
        }

        entry = entry with { Damage = null };
        List<BindingStep> steps = [];
        try
        {
            entry = NodeRestorer.WithUser(entry);
        }
        catch (VfioException e) when (force)
        {
            steps.Add(kit.Drop($"what user {entry.User} may open is left as it is: {e.Message}"));
            entry = entry with { User = null };
        }

        ModuleSteps modules = new(host, changes, journal);
        FunctionSteps functions = new(kit, journal, host, changes);
        // Gone, or another card in its place: there is nothing to hand back but what others share.
        if (device is null || device.VendorId != entry.VendorId || device.DeviceId != entry.DeviceId)
        {
            return [.. steps, .. NodeRestorer.Plan(host, journal, entry, device: null, changes, released), .. functions.Disable(entry), .. modules.Unload(entry, released), kit.Forget(entry.Address)];
        }

        // Whoever changed the driver meanwhile has ended the functions, and knows how many there are to be.
        if (!entry.IsTaken && device.Driver != entry.DriverBefore)
        {
            return [.. steps, kit.Drop($"its driver is {device.Driver ?? "none"} now: its virtual functions are left as they are"), .. functions.Disable(entry), kit.Forget(entry.Address)];
        }

        bool moves = device.Driver != entry.DriverBefore;
        IReadOnlyList<DeviceHolder> holders = FindHolders(kit, host, entry);
        if (holders.Count != 0 && !force)
        {
            throw new VfioException(
                "release", entry.Address.ToString(), $"it is still in use by {string.Join(", ", holders)}",
                "end that program first; --force lets a child process wait for it");
        }

        CheckNotInUse(host, entry, device, force);
        CheckFunctions(functions, entry, device, force, released);
        if (!entry.IsTaken)
        {
            return [.. steps, .. functions.Restore(entry, device, moves: false, holders, patience), kit.Forget(entry.Address)];
        }

        // While it moves, the device is held for the driver it goes back to: no other that matches may take it.
        string? transient = moves && entry.DriverBefore is not null ? entry.DriverBefore : entry.OverrideBefore;
        if (device.ReadDriverOverride() != transient)
        {
            steps.Add(kit.Override(device, transient));
        }

        if (moves)
        {
            if (device.Driver is not null)
            {
                steps.Add(kit.Unbind(device, holders, patience, isUsers: device.HasVfioDriver && entry.User is not null));
            }

            AddAttach(kit, entry, device, steps);
        }

        if (transient != entry.OverrideBefore)
        {
            steps.Add(kit.Override(device, entry.OverrideBefore));
        }

        steps.AddRange(functions.Restore(entry, device, moves, moves ? [] : holders, patience));
        InterfaceRestorer interfaces = new(host, changes, kit.Dropped);
        steps.AddRange(entry.Interfaces.Count == 0 ? [] : interfaces.Plan(entry));
        if (entry.Disks.Count != 0)
        {
            steps.Add(WaitForDisks(kit, host, entry));
        }

        steps.AddRange(NodeRestorer.Plan(host, journal, entry, device, changes, released));
        steps.AddRange(modules.Unload(entry, released));
        steps.Add(kit.Forget(entry.Address));
        return steps;
    }

    /// <summary>For a device that was to be taken again and was not: the override by which udev kept it for that goes, and the kernel looks for a driver.</summary>
    /// <param name="kit">The steps.</param>
    /// <param name="device">The device as it is.</param>
    /// <param name="known">How it was before it was taken the first time.</param>
    public static IEnumerable<BindingStep> GiveUp(DeviceSteps kit, PciDeviceInfo device, JournalEntry known)
    {
        if (device.HasVfioDriver || device.ReadDriverOverride() is not string name || name != known.Driver || name == known.OverrideBefore)
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
    public static IReadOnlyList<DeviceHolder> FindHolders(DeviceSteps kit, HostRoot host, JournalEntry entry)
    {
        PciDeviceInfo? device = kit.Bus.Find(entry.Address);
        return device is null || entry.Damage is not null ? []
            : device.Driver != entry.DriverBefore ? entry.IsTaken ? HoldersOf(host, [device, .. device.FindVirtualFunctions()]) : []
            : FunctionSteps.Loses(entry, device) ? HoldersOf(host, device.FindVirtualFunctions()) : [];
    }

    // Its virtual functions vanish: what sriov would refuse is refused here.
    private static void CheckFunctions(FunctionSteps functions, JournalEntry entry, PciDeviceInfo device, bool force, IReadOnlyCollection<PciAddress> released)
    {
        if (!force && FunctionSteps.Loses(entry, device)
            && device.FindVirtualFunctions().SelectMany(function => functions.JudgeVanishing(function, released)).FirstOrDefault() is BindingRefusal refusal)
        {
            throw new VfioException(
                "release", entry.Address.ToString(), $"its virtual functions would vanish, and of {refusal.Device}: {refusal.Explanation}",
                $"stop that use first, and vfio release {refusal.Device} where it is taken; --force takes it away all the same");
        }
    }

    // Another driver may have been given the device meanwhile, and put it to use.
    private static void CheckNotInUse(HostRoot host, JournalEntry entry, PciDeviceInfo device, bool force)
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

    private static IReadOnlyList<DeviceHolder> HoldersOf(HostRoot host, IEnumerable<PciDeviceInfo> devices)
    {
        DeviceHolders holders = new(host);
        return [.. devices.Where(held => held.HasVfioDriver).SelectMany(holders.OfDevice)];
    }

    private static void AddAttach(DeviceSteps kit, JournalEntry entry, PciDeviceInfo device, List<BindingStep> steps)
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
    private static BindingStep WaitForDisks(DeviceSteps kit, HostRoot host, JournalEntry entry) =>
        new($"wait for {string.Join(", ", entry.Disks)}", () =>
        {
            string[] missing = [.. entry.Disks];
            kit.WaitUntil(() => (missing = [.. missing.Where(disk => !Directory.Exists(host.Combine($"sys/class/block/{disk}")))]).Length == 0);
            kit.Dropped.AddRange(missing.Select(disk => $"its disk {disk} did not come back"));
        });

    private static List<BindingStep> PlanDamaged(
        DeviceSteps kit, BindingJournal journal, HostRoot host, JournalEntry entry, PciDeviceInfo? device, bool force)
    {
        if (!force)
        {
            throw journal.Damaged(entry);
        }

        List<BindingStep> steps = [];
        if (device is not null)
        {
            steps.Add(kit.Override(device, null));
            if (device.HasVfioDriver)
            {
                steps.Add(kit.Unbind(device, HoldersOf(host, [device, .. device.FindVirtualFunctions()])));
            }

            steps.Add(kit.ProbeAny(device));
        }

        steps.Add(kit.Forget(entry.Address));
        return steps;
    }
}
