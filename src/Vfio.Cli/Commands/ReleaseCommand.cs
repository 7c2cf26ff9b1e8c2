using System.CommandLine;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio release</c>, which gives devices back to their original drivers.</summary>
internal static class ReleaseCommand
{
    public const string Name = "release";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget[]> devices = Symbols.Devices(host, isOptional: true);
        Option<bool> all = Symbols.Flag("--all", "Release every device that is bound or persistent");
        Option<bool> dryRun = Symbols.Flag("--dry-run", "Only show what would be done");
        Option<bool> force = Symbols.Flag(
            "--force", "Continue even if a program holds the device or its journal entry is corrupt");
        Option<int?> timeout = Symbols.Timeout();
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(
            Name, "Return devices to their original drivers and restore their previous state.")
        {
            Notes =
            [
                "Each device is released independently: if one fails, the others are still released, and the exit code "
                + "is 1. After a crash or a kill, run the same command again to continue.",
                "A device that was bound with --persist is also removed from /etc/vfio/persistent.json, the udev rule "
                + "and the systemd unit; these files are deleted with the last device. A release that lasts only until "
                + "the next boot is not supported, because a hot-plug would bind the device again.",
                "If a program holds a device, the release is refused and names the program; with --timeout "
                + "it waits for the program first. With --force the kernel asks the program to close the "
                + "device (the request interrupt), and a child process waits until it does; this command "
                + "waits too, for up to --timeout seconds. With --force, a device whose journal entry is "
                + "corrupt goes to the driver that the kernel chooses.",
                "A device that something else bound to vfio-pci (ids=, driverctl, a manual bind) is released only if "
                + "it is named and --force is given. It then goes to the driver that the kernel's module aliases name "
                + "for it. The command also reports what would bind it to vfio-pci again at the next boot.",
            ],
            Examples =
            [
                ("sudo vfio release 0000:00:14.3", "release one device"),
                ("sudo vfio release --all", "release all devices, for example after a crash"),
                ("sudo vfio release --timeout 30 0000:00:14.3", "wait for the program that holds it"),
                ("vfio release --dry-run --all", "show the steps, change nothing"),
            ],
        };
        command.Add(devices);
        command.Add(all);
        command.Add(dryRun);
        command.Add(force);
        command.Add(timeout);
        command.Add(json);
        command.Validators.Add(result =>
        {
            bool isAll = result.GetValue(all);
            bool isNamed = result.GetResult(devices) is { Tokens.Count: > 0 };
            if (isAll == isNamed)
            {
                result.AddError(isAll
                    ? "devices and --all cannot be combined"
                    : "no device is named; name one or more, or use --all");
            }
        });
        command.SetAction(result =>
        {
            using SignalGuard guard = new();
            bool isDryRun = result.GetValue(dryRun);
            ReleaseOptions options = new()
            {
                Force = result.GetValue(force),
                Host = host.Root,
                HolderWait = isDryRun ? null : Symbols.Patience(host, result, timeout, guard.Asked),
                Helper = host.Helper,
            };
            bool isJson = result.GetValue(json);
            if (result.GetValue(all))
            {
                return guard.Run(
                    host, () => Run(host, Compute(options, () => ReleasePlan.ComputeAll(options)), isDryRun, isJson));
            }

            PciAddress[] addresses = ModelTarget.SetApart(host, result.GetRequiredValue(devices), isJson);
            // There were only device models, and everything has been reported.
            return addresses.Length == 0 && !isJson ? ExitCode.Done
                : guard.Run(
                    host,
                    () => Run(host, Compute(options, () => ReleasePlan.Compute(addresses, options)), isDryRun, isJson));
        });
        return command;
    }

    // With --force, the kernel itself asks the program that holds a device.
    private static ReleasePlan Compute(ReleaseOptions options, Func<ReleasePlan> compute) =>
        options.HolderWait is HolderWait patience && !options.Force ? patience.Wait(compute) : compute();

    private static int Run(CliHost host, ReleasePlan plan, bool isDryRun, bool isJson) =>
        isDryRun ? Show(host, plan, isJson) : Execute(host, plan, isJson);

    private static int Show(CliHost host, ReleasePlan plan, bool isJson)
    {
        if (plan.Errors is [VfioException error, ..])
        {
            throw error;
        }

        if (isJson)
        {
            Json.Write(
                host.Out,
                new ReleaseDryRunDocument(
                    true,
                    [.. plan.Entries.Select(entry => new ReleaseEntry(entry))],
                    [.. plan.Steps.Select(step => Printable.Clean(step.Description))],
                    RefusalDocument.Of(plan.Refusals)),
                CliJson.Write);
        }
        else if (plan.IsAllowed || plan.Steps.Count != 0)
        {
            PlanReport.WriteSteps(host, plan);
        }

        return plan.IsAllowed ? ExitCode.Done : PlanReport.WriteRefusals(host, plan.Refusals);
    }

    private static int Execute(CliHost host, ReleasePlan plan, bool isJson)
    {
        VfioException? before = plan.GetParseError();
        IReadOnlyList<ReleaseOutcome> outcomes = plan.Execute();
        bool isMade = outcomes.Any(outcome => outcome.Error is null);
        return ChangeReport.Write(
            host,
            isMade ? "release: devices were released" : null,
            "vfio status shows which devices are still bound",
            report => Write(report, plan, outcomes, before, isJson));
    }

    private static int Write(
        CliHost host, ReleasePlan plan, IReadOnlyList<ReleaseOutcome> outcomes, VfioException? before, bool isJson)
    {
        if (isJson)
        {
            WriteJson(host, outcomes);
        }
        else
        {
            WriteText(host, outcomes);
        }

        // The exit code is Refused only if every failure was a refusal.
        int code = ExitCode.Done;
        foreach (VfioException error in outcomes.Select(outcome => outcome.Error).OfType<VfioException>())
        {
            int one = ErrorReport.Write(host, error);
            code = code is ExitCode.Done || one == ExitCode.Failed ? one : code;
        }

        if (plan.GetParseError() is VfioException trouble)
        {
            code = ErrorReport.Write(host, trouble);
        }
        else if (before is not null)
        {
            host.Tell($"vfio: {before.Subject}, which was entirely unusable, was removed together with its "
                + $"udev rules and systemd unit");
        }

        return code;
    }

    private static void WriteText(CliHost host, IReadOnlyList<ReleaseOutcome> outcomes)
    {
        foreach (ReleaseOutcome outcome in outcomes.Where(outcome => outcome.Error is null))
        {
            (JournalEntry entry, PciDeviceInfo? device) = (outcome.Entry, outcome.Device);
            string how = entry is { IsBound: false, PreviousFunctionCount: int functions }
                ? outcome.Skipped.Count == 0 ? $"has {functions} virtual functions again" : "was not bound"
                : !outcome.WasBound ? "was not bound at present"
                : device is null ? "no longer exists; its journal entry was removed"
                : entry.ParseError is null && (device.VendorId, device.DeviceId) != (entry.VendorId, entry.DeviceId)
                    ? "is another card now, which was not changed; the journal entry of the previous card was removed"
                : entry.ParseError is not null
                    ? $"released; its journal entry was corrupt, and the kernel chose {device.Driver ?? "no driver"}"
                : device.Driver is string driver ? $"released to {driver}"
                : "released; it has no driver, as before the bind";
            host.Out.WriteLine(
                Printable.Clean($"{entry.Address} {how}{(outcome.WasPersistent ? "; no longer persistent" : "")}"));
            foreach (string dropped in outcome.Skipped)
            {
                host.Tell(Printable.Clean($"vfio: {entry.Address}: {dropped}"));
            }
        }

        if (outcomes.Count == 0)
        {
            host.Tell("no device is bound");
        }
    }

    private static void WriteJson(CliHost host, IReadOnlyList<ReleaseOutcome> outcomes) =>
        Json.Write(
            host.Out,
            new ReleaseDocument(false, [.. outcomes.Select(outcome => new ReleasedDevice(outcome))]),
            CliJson.Write);
}
