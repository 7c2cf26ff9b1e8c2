using Vfio.Sysfs;

namespace Vfio.Binding;

/// <summary>The steps by which a physical function gets virtual functions, or loses them (<c>sriov_numvfs</c>).</summary>
internal sealed class FunctionSteps(DeviceSteps kit, BindingJournal journal, HostRoot host, IHostChanges changes)
{
    /// <summary>Goes from one number to another: the kernel wants to pass by none.</summary>
    /// <param name="device">The physical function.</param>
    /// <param name="from">How many it has then.</param>
    /// <param name="to">How many it is to have.</param>
    /// <param name="isVfio">Whether vfio-pci has the device then: it changes the number only where it was let.</param>
    public IEnumerable<BindingStep> Change(PciDeviceInfo device, int from, int to, bool isVfio)
    {
        string path = device.Attribute("sriov_numvfs");
        bool isToBeLet = isVfio && !IsEnabled;
        if (from == to)
        {
            yield break;
        }

        if (isToBeLet)
        {
            yield return Write(host.SriovParameter, "Y");
        }

        if (from != 0)
        {
            yield return Write(path, "0");
        }

        if (to != 0)
        {
            yield return Write(path, to.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        if (isToBeLet)
        {
            yield return Write(host.SriovParameter, "N");
        }
    }

    /// <summary>Whether vfio-pci makes virtual functions when told to (its parameter <c>enable_sriov</c>).</summary>
    public bool IsEnabled => SysfsFile.Read(host.SriovParameter) == "Y";

    /// <summary>What is left to do for an entry whose device is with its driver of before again.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="device">The device, as it was when the steps were planned.</param>
    /// <param name="moves">Whether it changes its driver meanwhile: with it go the functions it has.</param>
    public IEnumerable<BindingStep> Restore(JournalEntry entry, PciDeviceInfo device, bool moves)
    {
        if (entry.FunctionsBefore is int before)
        {
            int now = moves ? 0 : device.ReadVirtualFunctionCount();
            bool isVfio = entry.DriverBefore == PciDeviceInfo.VfioPciDriver;
            if (isVfio && now != before && !entry.EnabledFunctions)
            {
                yield return kit.RememberFunctions(entry with { EnabledFunctions = !IsEnabled });
            }

            foreach (BindingStep step in Change(device, now, before, isVfio))
            {
                yield return step;
            }
        }

        // Last: until then the number can be changed.
        foreach (BindingStep step in Disable(entry))
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
