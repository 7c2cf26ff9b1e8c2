using System.CommandLine;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary><c>vfio bind</c>: takes devices from their drivers.</summary>
internal static class BindCommand
{
    public const string Name = "bind";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget[]> devices = Symbols.Devices(host);
        Option<bool> group = Symbols.Flag("--group", "Take every endpoint of the devices' IOMMU groups");
        Option<string?> user = new("--user")
        {
            Description = "Let this user, a name or number, use the devices without root",
            HelpName = "USER",
        };
        Option<string?> driver = new("--driver")
        {
            Description = "A VFIO driver made for the device, instead of vfio-pci; the kernel's modules say which there are",
            HelpName = "DRIVER",
        };
        Option<bool> dryRun = Symbols.Flag("--dry-run", "Only show what would be done");
        Option<bool> force = Symbols.Flag("--force", "Take devices that are in use, where that is possible at all");
        Option<bool> noIommu = Symbols.Flag("--noiommu", "Take devices that have no IOMMU, which then can reach all memory of the host; taints the kernel");
        Option<bool> persist = Symbols.Flag("--persist", "Take them after every reboot and plugging in too, until they are released");
        Option<int?> timeout = Symbols.Timeout();
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Take devices from their drivers for vfio-pci: all or none.")
        {
            Notes =
            [
                "What was before is remembered in /run/vfio, and 'vfio release' puts it back: driver, override, permissions, interface "
                + "names. A reboot forgets both, unless --persist is given. Devices in use are refused with exit code 3: mounted or swapped-on disks, interfaces with an "
                + "address or route, the boot display.",
                "With --persist the devices are in /etc/vfio/persistent.json, and a udev rule and a systemd unit have them taken before their drivers get them: this device at this "
                + "address only. vfio itself has to be where only root can change it. What driverctl gives to another driver is refused; 'vfio release' ends it, without a trace.",
            ],
            Examples =
            [
                ("sudo vfio bind 0000:00:14.3", "take one device"),
                ("sudo vfio bind --user $USER 00:14.3", "and use it without root"),
                ("sudo vfio bind --group 0000:00:14.3", "with all that shares its group"),
                ("sudo vfio bind --persist 00:14.3", "after every reboot too"),
                ("vfio bind --dry-run 0000:00:14.3", "show the writes, do nothing"),
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
                result.AddError("a device without an IOMMU cannot be taken at every boot: say --persist or --noiommu, not both");
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
            host, isMade ? "bind: the devices were taken" : null, "vfio status shows them", report => Write(report, plan, options, isDryRun, isJson));
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

    // Before anything is changed: what a person may want to stop for.
    private static void WriteWarnings(CliHost host, BindingPlan plan, bool isDryRun)
    {
        WriteBlockers(host, plan);
        foreach (string note in plan.Warnings)
        {
            host.Tell(Printable.Clean($"vfio: {note}"));
        }

        foreach (PciDeviceInfo device in plan.Devices.Where(device => device.IommuGroup is null && !isDryRun))
        {
            host.Tell($"vfio: {device.Address} has no IOMMU: who opens it can reach all memory of the host, and the kernel is tainted");
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
            string user = (options.User is null ? "" : $", for {options.User}") + (options.Persist ? ", after every reboot too" : "");
            string driver = bus.Find(before.Address)?.Driver ?? "no driver";
            if (plan.Unbound.Contains(before))
            {
                host.Out.WriteLine(Printable.Clean($"{before.Address} taken from {before.Driver}, for the group of the others; it has no driver until the release"));
                continue;
            }

            string how = before.HasVfioDriver ? $"was with {before.Driver} already"
                : before.Driver is null ? $"had no driver, now {driver}"
                : $"taken from {before.Driver}, now {driver}";
            host.Out.WriteLine(Printable.Clean($"{before.Address} {how}{user}"));
        }
    }

    private static void WriteBlockers(CliHost host, BindingPlan plan)
    {
        foreach (PciDeviceInfo blocker in plan.Blockers)
        {
            host.Tell(Printable.Clean($"vfio: group {blocker.IommuGroup} is still blocked by {blocker.Address} ({blocker.Driver})"));
        }

        if (plan.Blockers.Count == 0)
        {
            return;
        }

        PciBus bus = new(host.Root);
        HostSurvey survey = new(host.Root);
        int[] groups = [.. plan.Blockers.Select(blocker => blocker.IommuGroup).OfType<int>().Distinct()];
        // Never a hint at what would be refused.
        if (groups.Select(bus.GetGroup).OfType<IommuGroup>().SelectMany(survey.GetGroupRefusals).FirstOrDefault(refusal => plan.Blockers.Any(blocker => blocker.Address == refusal.Device)) is BindingRefusal refusal)
        {
            host.Tell(Printable.Clean($"vfio: {refusal.Device} cannot be bound along: {refusal.Explanation}"));
            host.Tell($"hint: {refusal.Hint}");
            return;
        }

        IEnumerable<PciAddress> devices = plan.Devices.Where(device => device.IommuGroup is int group && groups.Contains(group)).DistinctBy(device => device.IommuGroup).Select(device => device.Address);
        host.Tell($"hint: vfio bind --group {string.Join(' ', devices)} takes every endpoint of the group");
    }

    private static void WriteJson(CliHost host, BindingPlan plan, BindOptions options, bool isDryRun)
    {
        PciBus bus = new(host.Root);
        Json.Write(
            host.Out,
            new BindDocument(
                isDryRun,
                options.Persist,
                [.. plan.Devices.Select(before => new BoundDevice(before.Address.ToString(), before.IommuGroup, before.Driver, bus.Find(before.Address)?.Driver, options.User))],
                [.. plan.Steps.Select(step => Printable.Clean(step.Description))],
                RefusalDocument.Of(plan.Refusals),
                [.. plan.Blockers.Select(blocker => new BlockerDocument(blocker.Address.ToString(), blocker.IommuGroup, blocker.Driver))],
                plan.Warnings),
            CliJson.Write);
    }
}
