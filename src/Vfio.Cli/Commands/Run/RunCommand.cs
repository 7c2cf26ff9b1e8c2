using System.CommandLine;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio run</c>, which binds devices for as long as a command runs.</summary>
internal static class RunCommand
{
    public const string Name = "run";
    private const string Separator = "--";

    /// <summary>Separates the arguments of this program from the command to run.</summary>
    /// <param name="arguments">All arguments.</param>
    /// <returns>The arguments of this program, and the words of the command; empty if it is not <c>vfio
    /// run</c>.</returns>
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
        Option<bool> group = Symbols.Flag("--group", "Bind every endpoint of the devices' IOMMU groups");
        Option<bool> dryRun = Symbols.Flag("--dry-run", "Only show what would be done");
        Option<bool> force = Symbols.Flag("--force", "Also bind devices that are in use, if that is possible");
        Option<int?> timeout = Symbols.Timeout();
        DocumentedCommand command = new(Name, "Bind devices, run a command that uses them, release them.")
        {
            UsageEnd = "-- CMD [ARG...]",
            Notes =
            [
                "CMD runs as you, also under sudo, and finds the devices' addresses in VFIO_DEVICES, "
                + "separated by commas. If you are not root, the devices are bound through sudo or pkexec. A "
                + "device that was bound before stays bound.",
                "A process that runs as root (vfio guard) releases the devices however CMD or vfio ends, even after "
                + "SIGKILL or when the terminal is closed. If vfio is killed, CMD is sent SIGTERM. If a program still "
                + "holds a device, vfio waits up to 10 s, or --timeout, and then names that program; 'vfio release' "
                + "releases the device later.",
                "The exit code is that of CMD, or 128 plus the number of the signal that ended it; 125 if vfio failed, "
                + "126 if CMD cannot be executed, 127 if it is not found.",
            ],
            Examples =
            [
                ("vfio run eth0 -- ./driver", "with one device"),
                ("vfio run --group 03:01.0 -- sh -c 'vfio read $VFIO_DEVICES bar0'", "with its group, in a shell"),
                ("vfio run --dry-run eth0 -- ./driver", "show the steps, change nothing"),
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
                result.AddError("no command is given; write it after --\nvfio run DEV -- CMD ARG");
            }
        });
        command.SetAction(result =>
        {
            DeviceTarget[] targets = result.GetRequiredValue(devices);
            GuardianOrder order = new(
                [.. targets.OfType<HostTarget>().Select(target => target.Address)],
                result.GetValue(group),
                result.GetValue(force),
                result.GetValue(timeout));
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

    private static int Run(
        CliHost host, IReadOnlyList<string> words, string[] names, GuardianOrder order, bool isDryRun)
    {
        Caller caller = Caller.Of(host);
        // Checked before the user is asked for a password: what would be refused, and whether anything has to be bound.
        BindingPlan plan = BindingPlan.Compute(order.Devices, new BindOptions
        {
            WholeGroup = order.WholeGroup,
            Force = order.Force,
            User = caller.Id == 0 ? null : $"{caller.Id}",
            Exclusive = true,
            Host = host.Root,
        });
        // By the time of the bind, programs that are waited for may have closed the device.
        if (plan.Refusals.Count != 0 && (order.Seconds is null || plan.Refusals.Any(refusal => !refusal.CanForce)))
        {
            _ = PlanReport.WriteRefusals(host, plan.Refusals);
            return ExitCode.RunFailed;
        }

        string[] all =
            [.. names.Concat(plan.Devices.Except(plan.Unbound).Select(device => device.Address.ToString())).Distinct()];
        GuardianOrder? needed = plan.Steps.Count == 0 ? null : order;
        return isDryRun ? Show(host, words, all, plan, caller, needed) : Supervisor.Run(host, words, all, needed);
    }

    private static int Show(
        CliHost host,
        IReadOnlyList<string> words,
        string[] names,
        BindingPlan plan,
        Caller caller,
        GuardianOrder? order)
    {
        if (order is not null)
        {
            string[] start = [VfioCommandLine.Name, .. order.ToArguments()];
            WriteStep(
                host,
                $"start {string.Join(' ', start)}{(Elevation.Find(host) is string program ? $", by {program}" : "")}");
        }

        foreach (BindingStep step in plan.Steps)
        {
            WriteStep(host, step.ToString());
        }

        WriteStep(host, $"run {string.Join(' ', words)} as {caller.Name}, with VFIO_DEVICES={string.Join(',', names)}");
        PciAddress[] back = [.. plan.Devices.Where(device => !device.HasVfioDriver).Select(device => device.Address)];
        if (back.Length != 0)
        {
            WriteStep(host, $"release {string.Join(", ", back)}");
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
