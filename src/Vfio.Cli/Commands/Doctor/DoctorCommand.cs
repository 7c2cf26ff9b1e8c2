using System.CommandLine;

namespace Vfio.Cli;

/// <summary>
/// Implements <c>vfio doctor</c>, which tells whether this host supports VFIO, and whether a device can be bound and
/// used.
/// </summary>
internal static class DoctorCommand
{
    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget?> device = Symbols.DeviceOrNone(host);
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(
            "doctor", "Check whether this host supports VFIO, and whether a device can be bound and used.")
        {
            Notes =
            [
                "Each finding says what was found, why it matters, and the one command that fixes it. Problems that "
                + "prevent use (BLOCKS) come first; only causes are listed, not their consequences. Warnings, notes, "
                + "checks that need more rights (unseen) and passed checks (ok) follow. The passed checks include "
                + "settings that are often suspected wrongly: iommu=pt, lockdown, Secure Boot.",
                "Exit code 0 means that no finding is marked BLOCKS, 1 that one is. Nothing is opened or changed. Root "
                + "is not needed, but root sees more. The configuration space of the device and of the bridges above "
                + "it is read, which may wake them.",
            ],
            Examples =
            [
                ("vfio doctor", "this host"),
                ("vfio doctor eth0", "and one of its devices"),
                ("sudo vfio doctor 00:14.3", "including what only root can see"),
                ("vfio doctor --json | jq -r '.findings[0].command'", "the first fix, for scripts"),
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
