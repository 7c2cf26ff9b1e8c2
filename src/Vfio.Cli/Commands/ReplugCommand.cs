using System.CommandLine;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary><c>vfio replug</c>: takes again what came back. udev's rules and systemd's unit call it (docs/cli.md).</summary>
internal static class ReplugCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string?> device = new("ADDRESS")
        {
            Description = "The device that was plugged in, by its address",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> all = Symbols.Flag("--all", "Every device that is persistent, as at boot");
        DocumentedCommand command = new("replug", "Take again what came back. For udev and systemd.")
        {
            Hidden = true,
            Notes =
            [
                "udev calls it where a device appears that was taken for a user or with --persist, systemd at boot for all that are persistent. What no longer fits, another card at the "
                + "address for one, is said and left alone. More than once is harmless.",
            ],
            Examples =
            [
                ("sudo vfio replug 0000:00:14.3", "what udev does when it appears"),
                ("sudo vfio replug --all", "what systemd does at boot"),
            ],
        };
        command.Add(device);
        command.Add(all);
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == (result.GetResult(device) is { Tokens.Count: > 0 }))
            {
                result.AddError("name one device by its address, or say --all");
            }
        });
        command.SetAction(result =>
        {
            using SignalGuard guard = new();
            BindOptions options = new() { Host = host.Root, Helper = host.Helper, HolderWait = Symbols.Patience(host, TimeSpan.Zero, guard.Asked) };
            RebindPlan plan = result.GetValue(device) is not string text ? RebindPlan.ComputePersistent(options)
                : PciAddress.TryParse(text, out PciAddress address) ? RebindPlan.Compute(address, options)
                : throw new CliException($"replug: '{Symbols.Quote(text)}' is not a PCI address", "vfio list shows the devices by their addresses", ExitCode.WrongUsage);
            return guard.Run(host, () =>
            {
                IReadOnlyList<RebindOutcome> outcomes = plan.Execute();
                return ChangeReport.Write(host, "replug: what came back was taken", "vfio status shows it", report => Write(report, outcomes));
            });
        });
        return command;
    }

    private static int Write(CliHost host, IReadOnlyList<RebindOutcome> outcomes)
    {
        int code = ExitCode.Done;
        foreach (RebindOutcome outcome in outcomes)
        {
            if (outcome.Error is VfioException error)
            {
                code = Math.Max(code, ErrorReport.Write(host, error));
            }
            else
            {
                host.Out.WriteLine(Printable.Clean($"{outcome.Address} {(outcome.Skipped is string why ? $"left alone: {why}" : $"with {outcome.Device?.Driver ?? "no driver"}")}"));
            }
        }

        return code;
    }
}
