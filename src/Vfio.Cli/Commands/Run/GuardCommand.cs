using System.CommandLine;
using System.Diagnostics;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary><c>vfio guard</c>: the privileged part of <c>vfio run</c>, which starts it.</summary>
internal static class GuardCommand
{
    public const string Name = "guard";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget[]> devices = Symbols.Devices(host);
        Option<bool> group = Symbols.Flag("--group", "Take every endpoint of the devices' IOMMU groups");
        Option<bool> force = Symbols.Flag("--force", "Take devices that are in use, where that is possible at all");
        Option<int?> timeout = Symbols.Timeout();
        DocumentedCommand command = new(Name, "Hold devices for 'vfio run' until its command has ended.")
        {
            Hidden = true,
            Notes =
            [
                "Started by 'vfio run', as root. Takes the devices for the user whom sudo or pkexec name, and hands them back when standard input ends. It runs no program.",
            ],
            Examples = [("sudo vfio guard 0000:00:14.3", "hold it until Ctrl-D")],
        };
        command.Add(devices);
        command.Add(group);
        command.Add(force);
        command.Add(timeout);
        command.SetAction(result =>
        {
            if (!host.LeaveSession())
            {
                return RunInChild();
            }

            Caller caller = Caller.Of(host);
            BindOptions options = new()
            {
                WholeGroup = result.GetValue(group),
                Force = result.GetValue(force),
                User = caller.User is null ? null : $"{caller.Id}",
                Exclusive = true,
                HolderWait = Symbols.Patience(host, result, timeout, CancellationToken.None),
                Host = host.Root,
                Helper = host.Helper,
            };
            PciAddress[] addresses = [.. result.GetRequiredValue(devices).OfType<HostTarget>().Select(device => device.Address)];
            return Guardian.Run(host, addresses, options, caller);
        });
        return command;
    }

    // Whoever leads a group of processes cannot leave it, as where sudo made one for it (use_pty); a child can. What ends the group, ends this process and not the child.
    private static int RunInChild()
    {
        using SignalGuard signals = new();
        string[] line = [.. Elevation.Own(), .. Environment.GetCommandLineArgs().Skip(1)];
        using Process child = Process.Start(new ProcessStartInfo(line[0], line[1..]))
            ?? throw new CliException("guard: a child process did not start", "is this user allowed no more processes? ulimit -u");
        child.WaitForExit();
        return child.ExitCode;
    }
}
