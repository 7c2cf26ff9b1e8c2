using Vfio.Sysfs;

namespace Vfio.Binding;

/// <summary>The steps by which a physical function gets virtual functions, or loses them (<c>sriov_numvfs</c>).</summary>
internal sealed class FunctionSteps(DeviceSteps kit, BindingJournal journal, HostRoot host, IHostChanges changes)
{
    /// <summary>Goes from one number to another: the kernel wants to pass by none.</summary>
    /// <param name="device">The physical function.</param>
    /// <param name="from">How many it has then.</param>
    /// <param name="to">How many it is to have.</param>
    /// <param name="isVfio">Whether vfio-pci has the device then: it changes the number only where it was let, until <see cref="Disable"/>.</param>
    /// <param name="holders">Who has one of its functions open: the kernel waits for them.</param>
    /// <param name="patience">For how long the kernel is given to get them back; null for a moment.</param>
    public IEnumerable<BindingStep> Change(PciDeviceInfo device, int from, int to, bool isVfio, IReadOnlyList<DeviceHolder>? holders = null, TimeSpan? patience = null)
    {
        string path = device.Attribute("sriov_numvfs");
        if (from == to)
        {
            yield break;
        }

        if (isVfio && !IsEnabled)
        {
            yield return Write(host.SriovParameter, "Y");
        }

        if (from != 0)
        {
            yield return holders is { Count: > 0 } ? kit.WriteHeld(device, path, "0", holders, patience) : Write(path, "0");
        }

        if (to != 0)
        {
            yield return Write(path, to.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Whether putting an entry's number back takes functions away that are there now.</summary>
    public static bool Loses(JournalEntry entry, PciDeviceInfo device) =>
        device.ReadVirtualFunctionCount() is int now and not 0 && (device.Driver != entry.DriverBefore ? entry.IsTaken : entry.FunctionsBefore is int before && before != now);

    /// <summary>Why a function must not be taken away: it is taken, or held by somebody, for whom the kernel would wait; with a driver, its use counts as for a bind.</summary>
    /// <param name="function">The virtual function.</param>
    /// <param name="released">Devices that will have been handed back before, when only planning.</param>
    public IEnumerable<BindingRefusal> JudgeVanishing(PciDeviceInfo function, IReadOnlyCollection<PciAddress> released)
    {
        if (released.Contains(function.Address))
        {
            return [];
        }

        if (journal.Find(function.Address) is { Damage: not null } or { IsTaken: true })
        {
            return [new BindingRefusal(function.Address, "functions", "it is taken, and would vanish", CanForce: false)];
        }

        IReadOnlyList<DeviceHolder> holders = function.HasVfioDriver ? new DeviceHolders(host).OfDevice(function) : [];
        return holders.Count != 0
            ? [new BindingRefusal(function.Address, "functions", $"{holders[0]} has it open, and it would vanish", CanForce: false)]
            : new HostSurvey(host).Judge(function, thorough: true).Where(refusal => refusal.CanForce);
    }

    /// <summary>Whether vfio-pci makes virtual functions when told to (its parameter <c>enable_sriov</c>).</summary>
    public bool IsEnabled => SysfsFile.Read(host.SriovParameter) == "Y";

    /// <summary>What is left to do for an entry whose device is with its driver of before again.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="device">The device, as it was when the steps were planned.</param>
    /// <param name="moves">Whether it changes its driver meanwhile: with it go the functions it has.</param>
    /// <param name="holders">Who has one of its functions open.</param>
    /// <param name="patience">For how long the kernel is given to get them back; null for a moment.</param>
    public IEnumerable<BindingStep> Restore(JournalEntry entry, PciDeviceInfo device, bool moves, IReadOnlyList<DeviceHolder> holders, TimeSpan? patience)
    {
        JournalEntry noted = entry;
        if (entry.FunctionsBefore is int before)
        {
            int now = moves ? 0 : device.ReadVirtualFunctionCount();
            bool isVfio = entry.DriverBefore == PciDeviceInfo.VfioPciDriver;
            if (isVfio && now != before && !entry.EnabledFunctions)
            {
                noted = entry with { EnabledFunctions = !IsEnabled };
                yield return kit.RememberFunctions(noted);
            }

            foreach (BindingStep step in Change(device, now, before, isVfio, holders, patience))
            {
                yield return step;
            }
        }

        // Last: until then the number can be changed.
        foreach (BindingStep step in Disable(noted))
        {
            yield return step;
        }
    }

    /// <summary>Lets vfio-pci change numbers no more, where it was let for an entry and that was cut short.</summary>
    public IEnumerable<BindingStep> Disable(JournalEntry entry)
    {
        if (entry.EnabledFunctions)
        {
            yield return new BindingStep($"write \"N\" to {host.SriovParameter}, if it is not so", () =>
            {
                bool isOthers = journal.Entries().Any(other => other.Address != entry.Address && other.EnabledFunctions);
                if (IsEnabled && !isOthers)
                {
                    changes.Write(host.SriovParameter, "N");
                }
            });
        }
    }

    private BindingStep Write(string path, string value) => kit.Write(path, value);
}
