using System.CommandLine;

namespace Vfio.Cli;

/// <summary>
/// Implements <c>vfio show</c>, which shows everything about one device, bound or not, without opening it.
/// </summary>
internal static class ShowCommand
{
    private const string Name = "show";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<bool> config = Symbols.Flag(
            "--config", "Print configuration space in hexadecimal, as 'lspci -D -xxxx' does");
        Option<bool> verbose = Symbols.Flag(
            "-v", "Also show the offset, value and meaning of each register", "--verbose");
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Show everything about one device, without opening it.")
        {
            Notes =
            [
                "The sections are: the device and how the host uses it, its regions, its interrupts, and its "
                + "configuration space with every capability, register and field by name. A field of one bit ends in + "
                + "(set) or - (clear). The kernel shows users other than root only the first 64 bytes of configuration "
                + "space, which contain no capabilities.",
            ],
            Examples =
            [
                ("vfio show eth0", "by the name of its interface"),
                ("sudo vfio show nvme0n1", "including its capabilities"),
                ("sudo vfio show 00:14.3 --config | lspci -F /dev/stdin -vvv", "decoded by lspci"),
                ("sudo vfio show eth0 --json | jq .link", "for scripts"),
            ],
        };
        command.Add(device);
        command.Add(config);
        command.Add(verbose);
        command.Add(json);
        command.Validators.Add(result =>
        {
            if (result.GetValue(config) && result.GetValue(json))
            {
                result.AddError("--config and --json cannot be combined");
            }
        });
        command.SetAction(result =>
        {
            ShownDevice shown = result.GetRequiredValue(device).Look(host, isWholeConfig: result.GetValue(config));
            if (result.GetValue(config))
            {
                ConfigDump.Write(host, shown);
            }
            else if (result.GetValue(json))
            {
                ShowDocument.Write(host, shown);
            }
            else
            {
                new ShowText(host, shown, result.GetValue(verbose)).Write();
            }

            return ExitCode.Done;
        });
        return command;
    }
}
