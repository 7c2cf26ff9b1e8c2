using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio show</c>: everything about one device, bound or not, without opening it.</summary>
internal static class ShowCommand
{
    private const string Name = "show";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<bool> config = Symbols.Flag("--config", "Print configuration space in hexadecimal, as 'lspci -D -xxxx' does");
        Option<bool> verbose = Symbols.Flag("-v", "Show offset, value and meaning of each register too", "--verbose");
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Show everything about one device, without opening it.")
        {
            Notes =
            [
                "Sections: what the device is and who has it, its regions, its interrupts, and configuration space with every capability, "
                + "register and field by name. A field that is one bit ends in + (set) or - (clear). To others than root the kernel shows only the first 64 "
                + "bytes of configuration space, which hold no capability.",
            ],
            Examples =
            [
                ("vfio show eth0", "by the name of its interface"),
                ("sudo vfio show nvme0n1", "with its capabilities"),
                ("sudo vfio show 00:14.3 --config | lspci -F /dev/stdin -vvv", "for lspci"),
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
                result.AddError("--config or --json, not both");
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
