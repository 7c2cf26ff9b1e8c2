using System.CommandLine;

namespace Vfio.Cli;

/// <summary>
/// Implements <c>vfio status</c>, which shows the bound devices; for named devices, it also shows the processes that
/// have them open.
/// </summary>
internal static class StatusCommand
{
    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget[]> devices = Symbols.Devices(host, isOptional: true);
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(
            "status", "Show the bound devices: their original driver, their user, and when they were bound.")
        {
            Notes =
            [
                "If devices are named, only they are shown, in detail: their nodes, the processes that have them open, "
                + "and how much memory each process has locked, has pinned for DMA, and may lock. It is not an error "
                + "if a named device is not bound. The mappings of a device are known only to the process that has it "
                + "open; inside 'vfio shell', 'status' shows those of the shell.",
                "A reboot ends all bindings, except those made with --persist. Persistent devices are always "
                + "shown, bound or not.",
                "You see the programs that have a device open only if you may examine them; root sees all. A corrupt "
                + "journal entry is shown as such; 'vfio release --force' repairs it.",
            ],
            Examples =
            [
                ("vfio status", "the bound devices"),
                ("sudo vfio status", "and the programs of all users that have them open"),
                ("sudo vfio status eth0", "one device in detail"),
                ("vfio status --json | jq -r '.[].address'", "for scripts"),
            ],
        };
        command.Add(devices);
        command.Add(json);
        command.SetAction(result =>
        {
            DeviceTarget[] named = result.GetValue(devices) ?? [];
            StatusLook look = new(host);
            DeviceStatus[] found = named.Length == 0 ? look.AtTaken() : Array.ConvertAll(named, look.At);
            if (look.Damage is string damage)
            {
                ErrorReport.Write(
                    host,
                    damage,
                    "inspect the file; vfio release --force --all removes it, with its udev rules and systemd unit");
            }

            if (result.GetValue(json))
            {
                StatusDocument.Write(host, found);
            }
            else if (named.Length == 0)
            {
                StatusTable.Write(host, found);
            }
            else
            {
                new StatusText(host).Write(found);
            }

            return ExitCode.Done;
        });
        return command;
    }
}
