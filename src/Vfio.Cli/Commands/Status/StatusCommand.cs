using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio status</c>: what is taken; of devices that are named, all that is known of who has them.</summary>
internal static class StatusCommand
{
    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget[]> devices = Symbols.Devices(host, isOptional: true);
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new("status", "Show what is taken: from which driver, for whom, since when.")
        {
            Notes =
            [
                "With devices named, those alone and in detail: their nodes, who has them open, and what each of these processes has locked and "
                + "pinned for DMA and may lock. A device that is not taken is said to be so, and is no failure. What is mapped for a device is in the "
                + "ledger of the process that has it open: in vfio shell, status shows the shell's own.",
                "A reboot ends what was taken, but for what was taken with --persist: that is shown as persistent, taken or not.",
                "Programs that have a device open are shown as far as this user may see them: root sees all. A damaged journal entry is shown "
                + "as such; 'vfio release --force' mends it.",
            ],
            Examples =
            [
                ("vfio status", "what is taken"),
                ("sudo vfio status", "and who has it open, for all users"),
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
                ErrorReport.Write(host, damage, "look at what is in it; vfio release --force --all removes it with its rules and its unit");
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
