using System.CommandLine;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary><c>vfio run</c>: takes devices for as long as a command runs.</summary>
internal static class RunCommand
{
    public const string Name = "run";
    private const string Separator = "--";

    /// <summary>Separates the command to run from what is this program's.</summary>
    /// <param name="arguments">All arguments.</param>
    /// <returns>Those of this program, and the words of the command: none where the line is another command's.</returns>
    public static (IReadOnlyList<string> Own, IReadOnlyList<string> Words) Split(IReadOnlyList<string> arguments)
    {
        int at = arguments.Count != 0 && arguments[0] == Name ? arguments.IndexOf(Separator) : -1;
        return at < 0 ? (arguments, []) : ([.. arguments.Take(at)], [.. arguments.Skip(at + 1)]);
    }

    /// <param name="host">The host.</param>
    /// <param name="words">The command to run.</param>
    public static Command Create(CliHost host, IReadOnlyList<string> words)
    {
        Argument<DeviceTarget[]> devices = Symbols.Devices(host);
        Option<bool> group = Symbols.Flag("--group", "Take every endpoint of the devices' IOMMU groups");
        Option<bool> dryRun = Symbols.Flag("--dry-run", "Only show what would be done");
        Option<bool> force = Symbols.Flag("--force", "Take devices that are in use, where that is possible at all");
        Option<int?> timeout = Symbols.Timeout();
        DocumentedCommand command = new(Name, "Take devices, run a command with them, hand them back.")
        {
            UsageEnd = "-- CMD [ARG...]",
            Notes =
            [
                "CMD runs as you, also under sudo, and finds the devices' addresses in VFIO_DEVICES, separated by commas. Who is not root takes the devices through sudo or "
                + "pkexec. A device that was taken before stays taken.",
                "They are handed back however CMD or vfio ends, SIGKILL and a closed terminal included: a process of root's waits for that (vfio guard). If vfio is killed, CMD is sent SIGTERM. "
                + "Programs that hold a device after that are waited for 10 s, or --timeout; then they are named, and vfio release finishes.",
                "The exit code is CMD's, 128 and its number for a signal; 125 where vfio failed, 126 where CMD cannot be executed, 127 where it is not found.",
            ],
            Examples =
            [
                ("vfio run eth0 -- ./driver", "with one device"),
                ("vfio run --group 03:01.0 -- sh -c 'vfio read $VFIO_DEVICES bar0'", "with its group, in a shell"),
                ("vfio run --dry-run eth0 -- ./driver", "show the steps, do nothing"),
            ],
        };
        command.Add(devices);
        command.Add(group);
        command.Add(dryRun);
        command.Add(force);
        command.Add(timeout);
        command.Validators.Add(result =>
        {
            if (words.Count == 0)
            {
                result.AddError("no command is named; it stands behind --\nvfio run DEV -- CMD ARG");
            }
        });
        command.SetAction(result =>
        {
            DeviceTarget[] targets = result.GetRequiredValue(devices);
            GuardianOrder order = new(
                [.. targets.OfType<HostTarget>().Select(target => target.Address)], result.GetValue(group), result.GetValue(force), result.GetValue(timeout));
            string[] names = [.. targets.Select(target => target.Name)];
            try
            {
                return Run(host, words, names, order, result.GetValue(dryRun));
            }
            catch (Exception e) when (!ErrorReport.IsClosedPipe(e))
            {
                _ = ErrorReport.Write(host, e);
                return ExitCode.RunFailed;
            }
        });
        return command;
    }

    private static int Run(CliHost host, IReadOnlyList<string> words, string[] names, GuardianOrder order, bool isDryRun)
    {
        Caller caller = Caller.Of(host);
        // Looked at before anybody is asked for a password: what would be refused, and whether there is anything to take.
        BindingPlan plan = BindingPlan.Compute(order.Devices, new BindOptions
        {
            WholeGroup = order.WholeGroup,
            Force = order.Force,
            User = caller.Id == 0 ? null : $"{caller.Id}",
            Exclusive = true,
            Host = host.Root,
        });
        // Programs that are waited for may have let go when it comes to it.
        if (plan.Refusals.Count != 0 && (order.Seconds is null || plan.Refusals.Any(refusal => !refusal.CanForce)))
        {
            _ = PlanReport.WriteRefusals(host, plan.Refusals);
            return ExitCode.RunFailed;
        }

        string[] all = [.. names.Concat(plan.Devices.Except(plan.Unbound).Select(device => device.Address.ToString())).Distinct()];
        GuardianOrder? needed = plan.Steps.Count == 0 ? null : order;
        return isDryRun ? Show(host, words, all, plan, caller, needed) : Supervisor.Run(host, words, all, needed);
    }

    private static int Show(CliHost host, IReadOnlyList<string> words, string[] names, BindingPlan plan, Caller caller, GuardianOrder? order)
    {
        if (order is not null)
        {
            string[] start = [VfioCommandLine.Name, .. order.ToArguments()];
            WriteStep(host, $"start {string.Join(' ', start)}{(Elevation.Find(host) is string program ? $", by {program}" : "")}");
        }

        foreach (BindingStep step in plan.Steps)
        {
            WriteStep(host, step.ToString());
        }

        WriteStep(host, $"run {string.Join(' ', words)} as {caller.Name}, with VFIO_DEVICES={string.Join(',', names)}");
        PciAddress[] back = [.. plan.Devices.Where(device => !device.HasVfioDriver).Select(device => device.Address)];
        if (back.Length != 0)
        {
            WriteStep(host, $"hand back {string.Join(", ", back)}");
        }

        return ExitCode.Done;
    }

    private static void WriteStep(CliHost host, string step) => host.Out.WriteLine(Printable.Clean(step));

    private static int IndexOf(this IReadOnlyList<string> words, string word)
    {
        for (int i = 0; i < words.Count; i++)
        {
            if (words[i] == word)
            {
                return i;
            }
        }

        return -1;
    }
}
