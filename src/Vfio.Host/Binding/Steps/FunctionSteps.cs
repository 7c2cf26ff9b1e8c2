using Vfio.Pci;

namespace Vfio.Host;

/// <summary>The steps by which a physical function gets virtual functions, or loses them (<c>sriov_numvfs</c>).</summary>
internal sealed class FunctionSteps(HostContext context)
{
    private static readonly TimeSpan ParameterPatience = TimeSpan.FromSeconds(10);

    /// <summary>Goes from one number to another: the kernel wants to pass by none.</summary>
    /// <param name="device">The physical function.</param>
    /// <param name="from">How many it has then.</param>
    /// <param name="to">How many it is to have.</param>
    /// <param name="isVfio">Whether vfio-pci has the device then: it changes the number only where it was let, until <see cref="Disable"/>.</param>
    /// <param name="holders">Who has one of its functions open: the kernel waits for them.</param>
    public IEnumerable<BindingStep> Change(PciDeviceInfo device, int from, int to, bool isVfio, IReadOnlyList<DeviceHolder>? holders = null)
    {
        string path = device.Attribute("sriov_numvfs");
        if (from == to)
        {
            yield break;
        }

        if (isVfio && !IsEnabled)
        {
            yield return BindingStep.Shared($"write \"Y\" to {context.Host.SriovParameter}", () => Set("Y"));
        }

        if (from != 0)
        {
            yield return context.Steps.Write(device, path, "0", holders);
        }

        if (to != 0)
        {
            yield return context.Steps.Write(device, path, to.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Whether putting an entry's number back takes functions away that are there now.</summary>
    public static bool Loses(JournalEntry entry, PciDeviceInfo device) =>
        device.GetVirtualFunctionCount() is int now and not 0 && (device.Driver != entry.OriginalDriver ? entry.IsBound : entry.PreviousFunctionCount is int before && before != now);

    /// <summary>Why a function must not be taken away: it is taken, or held by somebody, for whom the kernel would wait; with a driver, its use counts as for a bind.</summary>
    /// <param name="function">The virtual function.</param>
    /// <param name="released">Devices that will have been handed back before, when only planning.</param>
    public IEnumerable<BindingRefusal> JudgeVanishing(PciDeviceInfo function, IReadOnlyCollection<PciAddress> released)
    {
        if (released.Contains(function.Address))
        {
            return [];
        }

        if (context.Journal.Find(function.Address) is { ParseError: not null } or { IsBound: true })
        {
            return [new BindingRefusal(function.Address, RefusalReason.Functions, "it is taken, and would vanish", canForce: false)];
        }

        IReadOnlyList<DeviceHolder> holders = function.HasVfioDriver ? context.Holders.GetHolders(function) : [];
        return holders.Count != 0
            ? [new BindingRefusal(function.Address, RefusalReason.Functions, $"{holders[0]} has it open, and it would vanish", canForce: false) { Holders = holders }]
            : new HostSurvey(context.Host, context.Holders).Judge(function, thorough: true).Where(refusal => refusal.CanForce);
    }

    /// <summary>Whether vfio-pci makes virtual functions when told to (its parameter <c>enable_sriov</c>).</summary>
    public bool IsEnabled => SysfsFile.Read(context.Host.SriovParameter) == "Y";

    /// <summary>The steps to the number of before, for an entry whose device is with its driver of before again. <see cref="Disable"/> follows them.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="device">The device, as it was when the steps were planned.</param>
    /// <param name="moves">Whether it changes its driver meanwhile: with it go the functions it has.</param>
    /// <param name="holders">Who has one of its functions open.</param>
    public IEnumerable<BindingStep> Restore(JournalEntry entry, PciDeviceInfo device, bool moves, IReadOnlyList<DeviceHolder> holders)
    {
        if (entry.PreviousFunctionCount is int before)
        {
            int now = moves ? 0 : device.GetVirtualFunctionCount();
            bool isVfio = entry.OriginalDriver == PciDeviceInfo.VfioPciDriver;
            if (Enables(entry, device, moves) && !entry.EnabledFunctions)
            {
                yield return context.Steps.RememberFunctions(entry with { EnabledFunctions = true });
            }

            foreach (BindingStep step in Change(device, now, before, isVfio, holders))
            {
                yield return step;
            }
        }
    }

    /// <summary>Whether <see cref="Restore"/> lets vfio-pci change numbers, so that <see cref="Disable"/> must follow.</summary>
    public bool Enables(JournalEntry entry, PciDeviceInfo device, bool moves) => entry.EnabledFunctions
        || (entry is { PreviousFunctionCount: int before, OriginalDriver: PciDeviceInfo.VfioPciDriver } && (moves ? 0 : device.GetVirtualFunctionCount()) != before && !IsEnabled);

    /// <summary>Lets vfio-pci change numbers no more, where it was let for an entry and that was cut short.</summary>
    public IEnumerable<BindingStep> Disable(JournalEntry entry)
    {
        if (entry.EnabledFunctions)
        {
            yield return BindingStep.Shared($"write \"N\" to {context.Host.SriovParameter}, if it is not so", () =>
            {
                bool isOthers = context.Journal.GetEntries().Any(other => other.Address != entry.Address && other.EnabledFunctions);
                if (IsEnabled && !isOthers)
                {
                    Set("N");
                }
            });
        }
    }

    // Read by the kernel at each change of a number, and not for long: one write of it does not wait for any device.
    private void Set(string value)
    {
        if (!context.Changes.Write(context.Host.SriovParameter, value, new AttributeWait(ParameterPatience)))
        {
            throw new VfioException("write", context.Host.SriovParameter, $"the kernel has not done it after {ParameterPatience.TotalSeconds} s", "the kernel's log (dmesg) may say why");
        }
    }
}
