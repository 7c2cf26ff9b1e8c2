using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Implements <c>vfio broker</c>, a service that opens devices for programs that may not open them themselves.
/// </summary>
internal static class BrokerCommand
{
    private const string Name = "broker";

    public static Command Create(CliHost host)
    {
        Option<string?> policy = new("--policy")
        {
            Description = $"The policy: who may open which device. By default, {BrokerUnits.PolicyPath}",
            HelpName = "FILE",
        };
        Option<string?> socket = new("--socket")
        {
            Description =
                $"The socket to listen on, if systemd passes none. By default, {DeviceBroker.DefaultSocketPath}",
            HelpName = "PATH",
        };
        Option<bool> check = Symbols.Flag("--check", "Only check the policy for errors");
        Option<bool> units = Symbols.Flag(
            "--print-units", "Print the systemd units, the system user and an example policy");
        Option<bool> json = Symbols.Flag("--json", "Print events as JSON Lines (docs/broker.md describes the fields)");
        DocumentedCommand command = new(Name, "Open devices for other programs, according to a policy.")
        {
            Notes =
            [
                "The broker is a service. It runs as its own user, which has access to the device nodes (vfio bind "
                + "--user), and needs no capability. Programs get a device's file descriptors from it "
                + "(VfioDevice.OpenThroughBroker, or any vfio command with VFIO_BROKER=PATH), one program at a time "
                + "for each device. The broker prints a line for each open, close and refusal.",
                "Each line of the policy is 'allow|deny WHO DEVICES [BACKEND]': WHO is user:NAME, group:NAME or any; "
                + "DEVICES is device:ADDRESS, id:VENDOR:DEVICE, class:CODE or any; BACKEND is iommufd, group or any. "
                + "The first line that matches decides. If none matches, the request is refused.",
                "SIGHUP reads the policy again; if it has an error, the old policy stays in effect. SIGTERM ends the "
                + "service; programs keep the devices that they have open.",
            ],
            Examples =
            [
                ("vfio broker --print-units", "what to install for systemd"),
                ("vfio broker --check --policy my.policy", "check a policy"),
                ("vfio broker --socket /tmp/vfio.sock --policy my.policy", "run it without systemd"),
                ("VFIO_BROKER=/tmp/vfio.sock vfio read 00:14.3 bar0", "use it from another command"),
            ],
        };
        command.Add(policy);
        command.Add(socket);
        command.Add(check);
        command.Add(units);
        command.Add(json);
        command.SetAction(result =>
        {
            if (result.GetValue(units))
            {
                host.Out.Write(BrokerUnits.Text);
                return ExitCode.Done;
            }

            string file = result.GetValue(policy) ?? BrokerUnits.PolicyPath;
            BrokerPolicy rules = BrokerPolicy.Load(file);
            if (!result.GetValue(check))
            {
                return Run(host, file, rules, result.GetValue(socket), result.GetValue(json));
            }

            host.Out.WriteLine(Printable.Clean($"{file}: {Count(rules)}"));
            return ExitCode.Done;
        });
        return command;
    }

    private static int Run(CliHost host, string file, BrokerPolicy rules, string? path, bool isJson)
    {
        Socket? activated = ActivatedSocket.Take(Environment.GetEnvironmentVariable, Environment.ProcessId);
        path = activated is null ? path ?? DeviceBroker.DefaultSocketPath : null;
        Socket listener = activated ?? DeviceBroker.Listen(path!);
        BrokerLog log = new(host, isJson);
        using DeviceBroker broker = new(listener, rules, new BrokerOptions { Host = host.Root, Record = log.Write });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(host.Stop);
        using PosixSignalRegistration term = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM, context => Stop(context, stop));
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(
            PosixSignal.SIGINT, context => Stop(context, stop));
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            Reload(log, broker, file);
        });
        log.Tell($"vfio: broker: listening on {path ?? "the socket from systemd"}; {file}: {Count(rules)}");
        broker.Run(stop.Token);
        log.Tell("vfio: broker: ended");
        return ExitCode.Done;
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The service is already ending.
        }
    }

    private static void Reload(BrokerLog log, DeviceBroker broker, string file)
    {
        try
        {
            BrokerPolicy rules = BrokerPolicy.Load(file);
            broker.Policy = rules;
            log.Tell($"vfio: broker: {file}: {Count(rules)}, now in effect");
        }
        catch (VfioException e)
        {
            log.Tell($"vfio: broker: the policy is unchanged: {e.Message}");
        }
    }

    private static string Count(BrokerPolicy rules) => rules.RuleCount == 1 ? "1 rule" : $"{rules.RuleCount} rules";
}
