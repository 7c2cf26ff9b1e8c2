using System.CommandLine;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio bind</c>, which binds devices to a VFIO driver.</summary>
internal static class BindCommand
{
    public const string Name = "bind";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget[]> devices = Symbols.Devices(host);
        Option<bool> group = Symbols.Flag("--group", "Bind every endpoint of the devices' IOMMU groups");
        Option<string?> user = new("--user")
        {
            Description = "Let this user (a name or number) use the devices without root",
            HelpName = "USER",
        };
        Option<string?> driver = new("--driver")
        {
            Description = "The VFIO driver to bind to: vfio-pci by default, or a variant driver that the kernel's "
                + "module aliases list for the device",
            HelpName = "DRIVER",
        };
        Option<bool> dryRun = Symbols.Flag("--dry-run", "Only show what would be done");
        Option<bool> force = Symbols.Flag("--force", "Also bind devices that are in use, if that is possible");
        Option<bool> noIommu = Symbols.Flag(
            "--noiommu",
            "Bind devices that have no IOMMU. They can then access all memory of the host; this taints the kernel");
        Option<bool> persist = Symbols.Flag(
            "--persist", "Bind them again after every reboot or hot-plug, until they are released");
        Option<int?> timeout = Symbols.Timeout();
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Bind devices to vfio-pci: all of them or none.")
        {
            Notes =
            [
                "The previous state (driver, driver override, permissions, interface names) is saved in /run/vfio, and "
                + "'vfio release' restores it. A binding lasts until the next reboot, unless --persist is given. "
                + "Devices in use are refused with exit code 3: disks that are mounted or used as swap, interfaces "
                + "with an address or route, the boot display.",
                "With --persist the devices are listed in /etc/vfio/persistent.json. A udev rule and a systemd unit "
                + "bind them at boot, before other drivers do; another card at the same address is not bound. The vfio "
                + "program must be in a place that only root can change. A device that driverctl assigns to another "
                + "driver is refused. 'vfio release' ends persistence and removes these files.",
            ],
            Examples =
            [
                ("sudo vfio bind 0000:00:14.3", "bind one device"),
                ("sudo vfio bind --user $USER 00:14.3", "and use it without root"),
                ("sudo vfio bind --group 0000:00:14.3", "with the other devices of its group"),
                ("sudo vfio bind --persist 00:14.3", "again after every reboot"),
                ("vfio bind --dry-run 0000:00:14.3", "show the steps, change nothing"),
            ],
        };
        command.Add(devices);
        command.Add(group);
        command.Add(user);
        command.Add(driver);
        command.Add(persist);
        command.Add(dryRun);
        command.Add(force);
        command.Add(timeout);
        command.Add(noIommu);
        command.Add(json);
        command.Validators.Add(result =>
        {
            if (result.GetValue(persist) && result.GetValue(noIommu))
            {
                result.AddError("--persist and --noiommu cannot be combined: a device without an IOMMU "
                    + "cannot be bound at every boot");
            }
        });
        command.SetAction(result =>
        {
            bool isDryRun = result.GetValue(dryRun);
            using SignalGuard guard = new();
            BindOptions options = new()
            {
                HolderWait = isDryRun ? null : Symbols.Patience(host, result, timeout, guard.Asked),
                Helper = host.Helper,
                WholeGroup = result.GetValue(group),
                User = result.GetValue(user),
                Driver = result.GetValue(driver),
                Force = result.GetValue(force),
                NoIommu = result.GetValue(noIommu),
                Persist = result.GetValue(persist),
                Host = host.Root,
            };
            bool isJson = result.GetValue(json);
            PciAddress[] addresses = ModelTarget.SetApart(host, result.GetRequiredValue(devices), isJson);
            return guard.Run(host, () => Run(host, addresses, options, isDryRun, isJson));
        });
        return command;
    }

    private static int Run(CliHost host, PciAddress[] addresses, BindOptions options, bool isDryRun, bool isJson)
    {
        BindingPlan plan = options.HolderWait is HolderWait patience && !options.Force
            ? patience.Wait(() => BindingPlan.Compute(addresses, options))
            : BindingPlan.Compute(addresses, options);
        if (plan.IsAllowed)
        {
            WriteWarnings(host, plan, isDryRun);
            if (!isDryRun)
            {
                plan = plan.Execute();
            }
        }

        bool isMade = plan.IsAllowed && !isDryRun;
        return ChangeReport.Write(
            host,
            isMade ? "bind: the devices were bound" : null,
            "vfio status shows them",
            report => Write(report, plan, options, isDryRun, isJson));
    }

    private static int Write(CliHost host, BindingPlan plan, BindOptions options, bool isDryRun, bool isJson)
    {
        if (isJson)
        {
            WriteJson(host, plan, options, isDryRun);
        }
        else if (plan.IsAllowed)
        {
            WriteText(host, plan, options, isDryRun);
        }

        return plan.IsAllowed ? ExitCode.Done : PlanReport.WriteRefusals(host, plan.Refusals);
    }

    // Printed before anything is changed, so that the user can still stop.
    private static void WriteWarnings(CliHost host, BindingPlan plan, bool isDryRun)
    {
        WriteBlockers(host, plan);
        foreach (string note in plan.Warnings)
        {
            host.Tell(Printable.Clean($"vfio: {note}"));
        }

        foreach (PciDeviceInfo device in plan.Devices.Where(device => device.IommuGroup is null && !isDryRun))
        {
            host.Tell($"vfio: {device.Address} has no IOMMU: any program that opens it can access all memory of the "
                + $"host, and the kernel is tainted");
        }
    }

    private static void WriteText(CliHost host, BindingPlan plan, BindOptions options, bool isDryRun)
    {
        if (isDryRun)
        {
            if (plan.Devices.Count != 0)
            {
                PlanReport.WriteSteps(host, plan);
            }

            return;
        }

        PciBus bus = new(host.Root);
        foreach (PciDeviceInfo before in plan.Devices)
        {
            string user =
                (options.User is null ? "" : $", for {options.User}") + (options.Persist ? ", persistent" : "");
            string driver = bus.Find(before.Address)?.Driver ?? "no driver";
            if (plan.Unbound.Contains(before))
            {
                host.Out.WriteLine(Printable.Clean($"{before.Address} unbound from {before.Driver}, because it shares "
                    + $"a group with the others; it has no driver until the release"));
                continue;
            }

            string how = before.HasVfioDriver ? $"was already bound to {before.Driver}"
                : before.Driver is null ? $"bound to {driver} (previously no driver)"
                : $"bound to {driver} (previously {before.Driver})";
            host.Out.WriteLine(Printable.Clean($"{before.Address} {how}{user}"));
        }
    }

    private static void WriteBlockers(CliHost host, BindingPlan plan)
    {
        foreach (PciDeviceInfo blocker in plan.Blockers)
        {
            host.Tell(Printable.Clean(
                $"vfio: group {blocker.IommuGroup} is still blocked by {blocker.Address} ({blocker.Driver})"));
        }

        if (plan.Blockers.Count == 0)
        {
            return;
        }

        PciBus bus = new(host.Root);
        HostSurvey survey = new(host.Root);
        int[] groups = [.. plan.Blockers.Select(blocker => blocker.IommuGroup).OfType<int>().Distinct()];
        // The hint must not suggest a command that would be refused.
        if (groups.Select(bus.GetGroup).OfType<IommuGroup>().SelectMany(survey.GetGroupRefusals).FirstOrDefault(
            refusal => plan.Blockers.Any(blocker => blocker.Address == refusal.Device)) is BindingRefusal refusal)
        {
            host.Tell(Printable.Clean($"vfio: {refusal.Device} cannot be bound as well: {refusal.Explanation}"));
            host.Tell($"hint: {refusal.Hint}");
            return;
        }

        IEnumerable<PciAddress> devices = plan.Devices
            .Where(device => device.IommuGroup is int group && groups.Contains(group))
            .DistinctBy(device => device.IommuGroup)
            .Select(device => device.Address);
        host.Tell($"hint: vfio bind --group {string.Join(' ', devices)} binds every endpoint of the group");
    }

    private static void WriteJson(CliHost host, BindingPlan plan, BindOptions options, bool isDryRun)
    {
        PciBus bus = new(host.Root);
        Json.Write(
            host.Out,
            new BindDocument(
                isDryRun,
                options.Persist,
                [.. plan.Devices.Select(before => new BoundDevice(
                    before.Address.ToString(),
                    before.IommuGroup,
                    before.Driver,
                    bus.Find(before.Address)?.Driver,
                    options.User))],
                [.. plan.Steps.Select(step => Printable.Clean(step.Description))],
                RefusalDocument.Of(plan.Refusals),
                [.. plan.Blockers.Select(
                    blocker => new BlockerDocument(blocker.Address.ToString(), blocker.IommuGroup, blocker.Driver))],
                plan.Warnings),
            CliJson.Write);
    }
}
