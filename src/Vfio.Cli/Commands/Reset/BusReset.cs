using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Resets the bus of a device, together with all devices on it, which this process opens.</summary>
internal static class BusReset
{
    public static int Run(CliHost host, DeviceTarget target, bool isDryRun, bool isJson)
    {
        List<VfioDevice> open = [];
        try
        {
            open.Add(target.Open(host));
            HotResetPlan plan = PlanWithOthers(host, open);
            if (plan.IsAllowed && !isDryRun)
            {
                plan.Execute();
            }

            ChangeReport.Write(
                host,
                plan.IsAllowed && !isDryRun ? $"reset: the bus of {target.Name} was reset" : null,
                "the state of its devices is lost",
                report =>
                {
                    Write(report, target, plan, isDryRun, isJson);
                    return ExitCode.Done;
                });
            if (plan.Refusals is [HotResetRefusal refusal, ..])
            {
                host.Tell($"vfio: reset of the bus of {target.Name} refused: {Printable.Clean(refusal.Explanation)}");
                host.Tell($"hint: {Hint(refusal)}");
                return ExitCode.Refused;
            }

            return ExitCode.Done;
        }
        finally
        {
            // The last one is closed first, because the others share the address space of the first.
            open.Reverse();
            open.ForEach(device => device.Dispose());
        }
    }

    // A device that cannot be opened stays foreign to the plan, and the plan reports its owner.
    private static HotResetPlan PlanWithOthers(CliHost host, List<VfioDevice> open)
    {
        VfioDevice first = open[0];
        HotResetPlan plan = first.PlanHotReset();
        PciBus bus = new(host.Root);
        foreach (PciAddress stranger in plan.Devices.Where(device => !device.IsOwned)
            .Select(device => device.Address)
            .OfType<PciAddress>()
            .Where(address => bus.Find(address) is { HasVfioDriver: true }))
        {
            try
            {
                open.Add(host.OpenDevice(stranger, Beside(host, first)));
            }
            catch (VfioException)
            {
                // Another process has it open.
            }
        }

        return open.Count == 1 ? plan : first.PlanHotReset([.. open.Skip(1)]);
    }

    private static VfioOpenOptions Beside(CliHost host, VfioDevice first) => first.BackendName == "noiommu"
        ? new VfioOpenOptions { Host = host.Root, Backend = VfioBackend.NoIommu }
        : new VfioOpenOptions { Host = host.Root, AddressSpace = first.AddressSpace };

    private static string Hint(HotResetRefusal refusal)
    {
        PciAddress[] untaken = [.. refusal.OtherOwners
            .Where(device => device.Owner is HotResetOwner.HostDriver or HotResetOwner.NoDriver)
            .Select(device => device.Address)
            .OfType<PciAddress>()];
        return refusal.OtherOwners.Any(device => device.Owner == HotResetOwner.VirtualFunction) ? refusal.Hint
            : untaken.Length != 0 ? $"bind the other devices of the bus: vfio bind {string.Join(' ', untaken)}"
            : "end the programs that have a device of the bus open; vfio status shows them";
    }

    private static void Write(CliHost host, DeviceTarget target, HotResetPlan plan, bool isDryRun, bool isJson)
    {
        if (isJson)
        {
            WriteJson(host, target, plan, isDryRun);
            return;
        }

        TextTable table = new(
            host.Terminal,
            new TextColumn("DEVICE"),
            new TextColumn("DRIVER", MinWidth: 8),
            new TextColumn("OWNER", MinWidth: 12));
        foreach (HotResetDevice device in plan.Devices)
        {
            table.Add(
                NameOf(target, device), device.Driver ?? "-", device.IsOwned ? "can be reset" : device.DescribeOwner());
        }

        table.Write(host.Out);
        if (plan.IsAllowed)
        {
            host.Out.WriteLine($"the bus of {target.Name} {(isDryRun ? "would be" : "was")} reset");
        }
    }

    // A device model is the only device on its bus, and its address means nothing to a user.
    private static string NameOf(DeviceTarget target, HotResetDevice device) =>
        target is HostTarget && device.Address is PciAddress address ? address.ToString() : target.Name;

    private static void WriteJson(CliHost host, DeviceTarget target, HotResetPlan plan, bool isDryRun)
    {
        HotResetRefusal? refusal = plan.IsAllowed ? null : plan.Refusals[0];
        Json.Write(
            host.Out,
            new BusResetDocument(
                target.Name,
                "bus",
                isDryRun,
                plan.IsAllowed && !isDryRun,
                [.. plan.Devices.Select(device => new BusResetDevice(
                    NameOf(target, device),
                    device.Driver,
                    device.IsOwned,
                    device.IsOwned ? null : device.DescribeOwner()))],
                refusal?.Explanation,
                refusal is null ? null : Hint(refusal)),
            CliJson.Write);
    }
}

/// <summary>Describes a reset of a bus, done or not, as JSON.</summary>
internal sealed record BusResetDocument(
    string Address, string Scope, bool DryRun, bool IsReset, BusResetDevice[] Devices, string? Refusal, string? Hint);

/// <summary>Describes a device that the reset affects.</summary>
internal sealed record BusResetDevice(string Address, string? Driver, bool IsFree, string? Owner);
