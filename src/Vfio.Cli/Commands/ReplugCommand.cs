using System.CommandLine;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Implements <c>vfio replug</c>, which binds devices again after a reboot or a hot-plug. The udev rules and the
/// systemd unit call it (docs/cli.md).
/// </summary>
internal static class ReplugCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string?> device = new("ADDRESS")
        {
            Description = "The address of the device that was plugged in",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> all = Symbols.Flag("--all", "Bind every persistent device, as at boot");
        DocumentedCommand command = new(
            "replug", "Bind devices again after a reboot or a hot-plug. For udev and systemd.")
        {
            Hidden = true,
            Notes =
            [
                "udev calls it when a device appears that was bound for a user or with --persist; systemd calls it at "
                + "boot for all persistent devices. A device that no longer matches, such as another card at the same "
                + "address, is reported and not changed. It is harmless to run the command more than once.",
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
                result.AddError("give the address of one device, or use --all");
            }
        });
        command.SetAction(result =>
        {
            using SignalGuard guard = new();
            BindOptions options = new()
            {
                Host = host.Root,
                Helper = host.Helper,
                HolderWait = Symbols.Patience(host, TimeSpan.Zero, guard.Asked),
            };
            RebindPlan plan = result.GetValue(device) is not string text ? RebindPlan.ComputePersistent(options)
                : PciAddress.TryParse(text, out PciAddress address) ? RebindPlan.Compute(address, options)
                : throw new CliException(
                    $"replug: '{Symbols.Quote(text)}' is not a PCI address",
                    "vfio list shows the devices by their addresses",
                    ExitCode.WrongUsage);
            return guard.Run(host, () =>
            {
                IReadOnlyList<RebindOutcome> outcomes = plan.Execute();
                return ChangeReport.Write(
                    host,
                    "replug: the devices were bound again",
                    "vfio status shows them",
                    report => Write(report, outcomes));
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
                string result = outcome.Skipped is string why
                    ? $"skipped: {why}"
                    : $"bound to {outcome.Device?.Driver ?? "no driver"}";
                host.Out.WriteLine(Printable.Clean($"{outcome.Address} {result}"));
            }
        }

        return code;
    }
}
