using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Implements the privileged side of <c>vfio run</c>: binds devices for the caller, waits until the command and its
/// supervisor have ended, and releases the devices that it bound. It starts no program and opens no device.
/// </summary>
internal static class Guardian
{
    // The lines of the protocol between guardian and supervisor.
    public const string Taken = "taken ";
    public const string Command = "command ";
    public const string End = "end";

    private const int SIGKILL = 9;
    private const int SIGTERM = 15;

    /// <summary>The time that a command has to end after it lost its supervisor.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>The default time to wait at the end for other programs that still hold a device.</summary>
    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(10);

    public static int Run(CliHost host, IReadOnlyList<PciAddress> devices, BindOptions options, Caller caller)
    {
        // A signal that ended this process would leave the devices bound. Signals of the terminal must not reach its
        // session either.
        using SignalGuard signals = new();
        using SupervisorLink supervisor = new(host.OpenInput(), caller.Id);
        HolderWait patience = (options.HolderWait ?? Symbols.Patience(host, TimeSpan.Zero, CancellationToken.None)) with
        {
            CancellationToken = supervisor.Gone,
        };
        IReadOnlyList<DriverBinding> bindings = DriverBinding.Bind(devices, options with { HolderWait = patience });
        Tell(host, $"{Taken}{string.Join(',', bindings.Select(binding => binding.Address))}");
        supervisor.WaitForEnd();
        EndCommand(supervisor, caller.Id);
        TimeSpan time = patience.Timeout > TimeSpan.Zero ? patience.Timeout : UsualPatience;
        return Release(host, bindings, Symbols.Patience(host, time, CancellationToken.None));
    }

    // Without the supervisor, no process is left that waits for the command, so it is ended.
    private static void EndCommand(SupervisorLink supervisor, uint caller)
    {
        if (!supervisor.IsOrderly && supervisor.Command is HostProcess command)
        {
            // The process ID may meanwhile belong to a program of root, which must not be ended for the caller. The
            // command may ignore SIGTERM, and would then keep the devices forever.
            if (command.UserId == caller
                && command.Signal(SIGTERM)
                && !command.WaitForEnd(Grace)
                && command.UserId == caller)
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
            // The supervisor has ended already; the next read notices that.
        }
    }
}
