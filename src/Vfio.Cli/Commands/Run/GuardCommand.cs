using System.CommandLine;
using System.Diagnostics;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio guard</c>, the privileged part of <c>vfio run</c>, which starts it.</summary>
internal static class GuardCommand
{
    public const string Name = "guard";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget[]> devices = Symbols.Devices(host);
        Option<bool> group = Symbols.Flag("--group", "Bind every endpoint of the devices' IOMMU groups");
        Option<bool> force = Symbols.Flag("--force", "Also bind devices that are in use, if that is possible");
        Option<int?> timeout = Symbols.Timeout();
        DocumentedCommand command = new(Name, "Hold devices for 'vfio run' until its command ends.")
        {
            Hidden = true,
            Notes =
            [
                "'vfio run' starts it as root. It binds the devices for the user that sudo or pkexec report, and "
                + "releases them when standard input ends. It does not run the command itself.",
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
            PciAddress[] addresses =
                [.. result.GetRequiredValue(devices).OfType<HostTarget>().Select(device => device.Address)];
            return Guardian.Run(host, addresses, options, caller);
        });
        return command;
    }

    // A process group leader, which this process is if sudo created a group for it (use_pty), cannot leave its group; a
    // child can. A signal that ends the group ends this process, but not the child.
    private static int RunInChild()
    {
        using SignalGuard signals = new();
        string[] line = [.. Elevation.Own(), .. Environment.GetCommandLineArgs().Skip(1)];
        using Process child = Process.Start(new ProcessStartInfo(line[0], line[1..]))
            ?? throw new CliException(
                "guard: a child process did not start", "check the limit of processes: ulimit -u");
        child.WaitForExit();
        return child.ExitCode;
    }
}
