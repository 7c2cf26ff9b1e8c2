using System.CommandLine;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary><c>vfio release</c>: hands devices back.</summary>
internal static class ReleaseCommand
{
    public const string Name = "release";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget[]> devices = Symbols.Devices(host, isOptional: true);
        Option<bool> all = Symbols.Flag("--all", "Hand back every device that is taken or persistent");
        Option<bool> dryRun = Symbols.Flag("--dry-run", "Only show what would be done");
        Option<bool> force = Symbols.Flag("--force", "Go on where a program holds the device or the journal is damaged");
        Option<int?> timeout = Symbols.Timeout();
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Hand devices back: driver, override, permissions as before.")
        {
            Notes =
            [
                "Each device is handed back for itself: one that fails does not keep the others, and the exit code is then 1. After a crash or "
                + "a kill, the same command goes on where it was.",
                "A device taken with --persist is also taken out of /etc/vfio/persistent.json, udev's rule and systemd's unit; with the last one these files go. To have it back until "
                + "the next boot only is not offered: it would be gone again at the next plugging in.",
                "A program that holds a device is named at once. With --timeout it is waited for. With --force the kernel asks it for the device (the request interrupt), and "
                + "a child process waits with the kernel, --timeout seconds of it this command too. A device whose journal entry is damaged goes, with --force, to the driver that the kernel chooses.",
                "A device that something else gave to vfio-pci (ids=, driverctl, by hand) is released when it is named, with --force: to the driver that the kernel's modules have for it. "
                + "What will give it to vfio-pci again at the next boot is said.",
            ],
            Examples =
            [
                ("sudo vfio release 0000:00:14.3", "hand one back"),
                ("sudo vfio release --all", "hand all back, after a crash too"),
                ("sudo vfio release --timeout 30 0000:00:14.3", "once the program that has it ends"),
                ("vfio release --dry-run --all", "show the writes, do nothing"),
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
                result.AddError(isAll ? "name devices or say --all, not both" : "no device is named; name some or say --all");
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
                return guard.Run(host, () => Run(host, Compute(options, () => ReleasePlan.ComputeAll(options)), isDryRun, isJson));
            }

            PciAddress[] addresses = ModelTarget.SetApart(host, result.GetRequiredValue(devices), isJson);
            // Models alone: all is said.
            return addresses.Length == 0 && !isJson ? ExitCode.Done
                : guard.Run(host, () => Run(host, Compute(options, () => ReleasePlan.Compute(addresses, options)), isDryRun, isJson));
        });
        return command;
    }

    // With force the kernel itself asks the program that holds a device.
    private static ReleasePlan Compute(ReleaseOptions options, Func<ReleasePlan> compute) => options.HolderWait is HolderWait patience && !options.Force ? patience.Wait(compute) : compute();

    private static int Run(CliHost host, ReleasePlan plan, bool isDryRun, bool isJson) => isDryRun ? Show(host, plan, isJson) : Execute(host, plan, isJson);

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
                new ReleaseDryRunDocument(true, [.. plan.Entries.Select(entry => new ReleaseEntry(entry))], [.. plan.Steps.Select(step => Printable.Clean(step.Description))], RefusalDocument.Of(plan.Refusals)),
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
            host, isMade ? "release: devices were handed back" : null, "vfio status shows what is still taken", report => Write(report, plan, outcomes, before, isJson));
    }

    private static int Write(CliHost host, ReleasePlan plan, IReadOnlyList<ReleaseOutcome> outcomes, VfioException? before, bool isJson)
    {
        if (isJson)
        {
            WriteJson(host, outcomes);
        }
        else
        {
            WriteText(host, outcomes);
        }

        // Refused where all that did not work was refused; failed where something else went wrong.
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
            host.Tell($"vfio: {before.Subject}, of which nothing could be used, is removed with its rules and unit");
        }

        return code;
    }

    private static void WriteText(CliHost host, IReadOnlyList<ReleaseOutcome> outcomes)
    {
        foreach (ReleaseOutcome outcome in outcomes.Where(outcome => outcome.Error is null))
        {
            (JournalEntry entry, PciDeviceInfo? device) = (outcome.Entry, outcome.Device);
            string how = entry is { IsBound: false, PreviousFunctionCount: int functions } ? outcome.Skipped.Count == 0 ? $"has {functions} virtual functions, as before" : "was not taken"
                : !outcome.WasBound ? "was not taken now"
                : device is null ? "is gone; its journal entry was removed"
                : entry.ParseError is null && (device.VendorId, device.DeviceId) != (entry.VendorId, entry.DeviceId)
                    ? "is another card now, which is left as it is; the journal entry of the one before was removed"
                : entry.ParseError is not null ? $"released; its entry was damaged, and the kernel chose {device.Driver ?? "no driver"}"
                : device.Driver is string driver ? $"handed back to {driver}"
                : "handed back, without a driver as before";
            host.Out.WriteLine(Printable.Clean($"{entry.Address} {how}{(outcome.WasPersistent ? "; no longer persistent" : "")}"));
            foreach (string dropped in outcome.Skipped)
            {
                host.Tell(Printable.Clean($"vfio: {entry.Address}: {dropped}"));
            }
        }

        if (outcomes.Count == 0)
        {
            host.Tell("nothing is taken");
        }
    }

    private static void WriteJson(CliHost host, IReadOnlyList<ReleaseOutcome> outcomes) =>
        Json.Write(host.Out, new ReleaseDocument(false, [.. outcomes.Select(outcome => new ReleasedDevice(outcome))]), CliJson.Write);
}
