using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio doctor</c>: whether this host can do VFIO, and whether a device can be taken and used.</summary>
internal static class DoctorCommand
{
    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget?> device = Symbols.DeviceOrNone(host);
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new("doctor", "Say whether this host can do VFIO, and whether a device can be taken and used.")
        {
            Notes =
            [
                "Each finding has what was found, why it matters and the one command that mends it. What blocks stands first, and of that the cause: "
                + "what only follows from it is left out. Then what warns, what is worth knowing (note), what this user could not see (unseen), and what is "
                + "well (ok), which includes what is often suspected wrongly: iommu=pt, lockdown, Secure Boot.",
                "Exit code 0 means that nothing blocks, 1 that something does. Nothing is opened or changed, and root is not needed; root sees more. "
                + "Configuration space of the device and of bridges above it is read, which may wake them.",
            ],
            Examples =
            [
                ("vfio doctor", "this host"),
                ("vfio doctor eth0", "and one of its devices"),
                ("sudo vfio doctor 00:14.3", "with what root alone can see"),
                ("vfio doctor --json | jq -r '.findings[0].fix'", "the first remedy, for scripts"),
            ],
        };
        command.Add(device);
        command.Add(json);
        command.SetAction(result =>
        {
            Diagnosis diagnosis = Diagnosis.Make(host, result.GetValue(device));
            if (result.GetValue(json))
            {
                DoctorDocument.Write(host, diagnosis);
            }
            else
            {
                new DoctorText(host).Write(diagnosis);
            }

            return diagnosis.IsUsable ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }
}
