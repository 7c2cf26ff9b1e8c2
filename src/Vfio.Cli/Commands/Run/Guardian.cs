using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// The privileged side of <c>vfio run</c>: takes devices for the caller, waits until the command and its supervisor have ended, and hands back
/// what it took. It starts nothing, and opens no device.
/// </summary>
internal static class Guardian
{
    // The lines of its talk with the supervisor.
    public const string Taken = "taken ";
    public const string Command = "command ";
    public const string End = "end";

    private const int SIGKILL = 9;
    private const int SIGTERM = 15;

    /// <summary>How long a command that was left without its supervisor has for its own end.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>How long other programs that still hold a device are waited for at the end, unless told.</summary>
    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(10);

    public static int Run(CliHost host, IReadOnlyList<PciAddress> devices, BindOptions options, Caller caller)
    {
        // A signal that ended it would leave the devices taken; the terminal's reach its session least of all.
        using SignalGuard signals = new();
        using SupervisorLink supervisor = new(host.OpenInput(), caller.Id);
        HolderWait patience = (options.HolderWait ?? Symbols.Patience(host, TimeSpan.Zero, CancellationToken.None)) with { CancellationToken = supervisor.Gone };
        IReadOnlyList<DriverBinding> bindings = DriverBinding.Bind(devices, options with { HolderWait = patience });
        Tell(host, $"{Taken}{string.Join(',', bindings.Select(binding => binding.Address))}");
        supervisor.WaitForEnd();
        EndCommand(supervisor, caller.Id);
        TimeSpan time = patience.Timeout > TimeSpan.Zero ? patience.Timeout : UsualPatience;
        return Release(host, bindings, Symbols.Patience(host, time, CancellationToken.None));
    }

    // Without its supervisor nobody is left who would learn how the command ends.
    private static void EndCommand(SupervisorLink supervisor, uint caller)
    {
        if (!supervisor.IsOrderly && supervisor.Command is HostProcess command)
        {
            // Since it was named it may have become a program of root's, which is not to be ended for the caller. It may ignore the
            // first, and would keep the devices for ever.
            if (command.UserId == caller && command.Signal(SIGTERM) && !command.WaitForEnd(Grace) && command.UserId == caller)
            {
                _ = command.Signal(SIGKILL);
            }

            command.WaitForEnd();
        }
    }

    private static int Release(CliHost host, IReadOnlyList<DriverBinding> bindings, HolderWait patience)
    {
        int code = ExitCode.Done;
        foreach (DriverBinding binding in bindings.Reverse())
        {
            try
            {
                binding.Release(patience);
            }
            catch (VfioException e)
            {
                code = ErrorReport.Write(host, e);
            }
        }

        return code;
    }

    private static void Tell(CliHost host, string line)
    {
        try
        {
            host.Out.WriteLine(line);
            host.Out.Flush();
        }
        catch (IOException)
        {
            // The supervisor is gone already: that is seen next.
        }
    }
}
