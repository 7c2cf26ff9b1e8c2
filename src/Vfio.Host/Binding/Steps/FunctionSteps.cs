using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Makes the steps that change how many virtual functions a physical function has (<c>sriov_numvfs</c>).
/// </summary>
internal sealed class FunctionSteps(HostContext context)
{
    private static readonly TimeSpan ParameterPatience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Makes the steps that change the number. The kernel only accepts a change from or to 0, so any other change takes
    /// two writes.
    /// </summary>
    /// <param name="device">The physical function.</param>
    /// <param name="from">Its number of virtual functions when the steps run.</param>
    /// <param name="to">Its new number of virtual functions.</param>
    /// <param name="isVfio">
    /// Whether the device is bound to vfio-pci when the steps run. vfio-pci changes the number only while its parameter
    /// allows it; <see cref="Disable"/> resets the parameter.
    /// </param>
    /// <param name="holders">The holders of its virtual functions: the kernel waits for them.</param>
    public IEnumerable<BindingStep> Change(
        PciDeviceInfo device, int from, int to, bool isVfio, IReadOnlyList<DeviceHolder>? holders = null)
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
            yield return context.Steps.Write(
                device, path, to.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Gets whether restoring an entry's number removes virtual functions that exist now.</summary>
    public static bool Loses(JournalEntry entry, PciDeviceInfo device) =>
        device.GetVirtualFunctionCount() is int now and not 0
        && (device.Driver != entry.OriginalDriver
            ? entry.IsBound
            : entry.PreviousFunctionCount is int before && before != now);

    /// <summary>
    /// Gets the reasons why a virtual function must not be removed: it is bound, or a process holds it, for which the
    /// kernel would wait. If it has a driver of the host, the reasons against a bind apply too.
    /// </summary>
    /// <param name="function">The virtual function.</param>
    /// <param name="released">When only planning: the devices that will have been released before this one.</param>
    public IEnumerable<BindingRefusal> JudgeVanishing(PciDeviceInfo function, IReadOnlyCollection<PciAddress> released)
    {
        if (released.Contains(function.Address))
        {
            return [];
        }

        if (context.Journal.Find(function.Address) is { ParseError: not null } or { IsBound: true })
        {
            return [new BindingRefusal(
                function.Address, RefusalReason.Functions, "it is bound, and would vanish", canForce: false)];
        }

        IReadOnlyList<DeviceHolder> holders = function.HasVfioDriver ? context.Holders.GetHolders(function) : [];
        return holders.Count != 0
            ? [new BindingRefusal(
                function.Address,
                RefusalReason.Functions,
                $"{holders[0]} has it open, and it would vanish",
                canForce: false)
            {
                Holders = holders,
            }]
            : new HostSurvey(context.Host, context.Holders)
                .Judge(function, thorough: true)
                .Where(refusal => refusal.CanForce);
    }

    /// <summary>Gets whether vfio-pci allows virtual functions (its parameter <c>enable_sriov</c>).</summary>
    public bool IsEnabled => SysfsFile.Read(context.Host.SriovParameter) == "Y";

    /// <summary>
    /// Makes the steps that restore the previous number, for an entry whose device is bound to its original driver
    /// again. <see cref="Disable"/> follows them.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="device">The device, in the state for which the steps are planned.</param>
    /// <param name="moves">Whether it changes its driver meanwhile, which removes the virtual functions it has.</param>
    /// <param name="holders">The holders of its virtual functions.</param>
    public IEnumerable<BindingStep> Restore(
        JournalEntry entry, PciDeviceInfo device, bool moves, IReadOnlyList<DeviceHolder> holders)
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

    /// <summary>
    /// Gets whether <see cref="Restore"/> sets vfio-pci's parameter, so that <see cref="Disable"/> has to follow.
    /// </summary>
    public bool Enables(JournalEntry entry, PciDeviceInfo device, bool moves) => entry.EnabledFunctions
        || (entry is { PreviousFunctionCount: int before, OriginalDriver: PciDeviceInfo.VfioPciDriver }
            && (moves ? 0 : device.GetVirtualFunctionCount()) != before
            && !IsEnabled);

    /// <summary>
    /// Makes the step that resets vfio-pci's parameter, if it was set for an entry, including by a command that was
    /// interrupted.
    /// </summary>
    public IEnumerable<BindingStep> Disable(JournalEntry entry)
    {
        if (entry.EnabledFunctions)
        {
            yield return BindingStep.Shared(
                $"write \"N\" to {context.Host.SriovParameter}, unless it has that value", () =>
                {
                    bool isOthers = context.Journal
                        .GetEntries()
                        .Any(other => other.Address != entry.Address && other.EnabledFunctions);
                    if (IsEnabled && !isOthers)
                    {
                        Set("N");
                    }
                });
        }
    }

    // The kernel reads the parameter at each change of a number. Writing it does not wait for any device.
    private void Set(string value)
    {
        if (!context.Changes.Write(context.Host.SriovParameter, value, new AttributeWait(ParameterPatience)))
        {
            throw new VfioException(
                "write",
                context.Host.SriovParameter,
                $"the kernel has not completed the write after {ParameterPatience.TotalSeconds} s",
                "see the kernel's log: dmesg | tail");
        }
    }
}
