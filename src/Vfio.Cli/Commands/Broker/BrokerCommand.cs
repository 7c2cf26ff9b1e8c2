using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary><c>vfio broker</c>: a service that opens devices for programs that may not.</summary>
internal static class BrokerCommand
{
    private const string Name = "broker";

    public static Command Create(CliHost host)
    {
        Option<string?> policy = new("--policy") { Description = $"Who may have which device; {BrokerUnits.PolicyPath} unless told", HelpName = "FILE" };
        Option<string?> socket = new("--socket") { Description = $"Where to listen, if systemd hands over no socket; {DeviceBroker.DefaultSocketPath} unless told", HelpName = "PATH" };
        Option<bool> check = Symbols.Flag("--check", "Only read the policy, and say whether it is right");
        Option<bool> units = Symbols.Flag("--print-units", "Print the systemd units, the user and an example of a policy");
        Option<bool> json = Symbols.Flag("--json", "Print the record as JSON Lines, one an event (docs/broker.md has the fields)");
        DocumentedCommand command = new(Name, "Open devices for programs that may not, by a policy.")
        {
            Notes =
            [
                "A service under a user of its own, which was given the nodes of devices (vfio bind --user) and needs no capability. Programs get "
                + "a device's descriptors from it (VfioDevice.OpenThroughBroker; every vfio command with VFIO_BROKER=PATH), one program at a time, "
                + "and it prints a line for each open, close and refusal.",
                "A line of the policy is 'allow|deny WHO DEVICES [BACKEND]': WHO is user:NAME, group:NAME or any; DEVICES is device:ADDRESS, "
                + "id:VENDOR:DEVICE, class:CODE or any; BACKEND is iommufd, group or any. The first line that fits decides; no line, no device.",
                "SIGHUP reads the policy again; one that is wrong changes nothing. SIGTERM ends the service; who has a device keeps it.",
            ],
            Examples =
            [
                ("vfio broker --print-units", "what to install for systemd"),
                ("vfio broker --check --policy my.policy", "is the policy right?"),
                ("vfio broker --socket /tmp/vfio.sock --policy my.policy", "without systemd"),
                ("VFIO_BROKER=/tmp/vfio.sock vfio read 00:14.3 bar0", "a client of it"),
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
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            Reload(log, broker, file);
        });
        log.Tell($"vfio: broker: listens at {path ?? "the socket of systemd"}, {file}: {Count(rules)}");
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
            // It ends already.
        }
    }

    private static void Reload(BrokerLog log, DeviceBroker broker, string file)
    {
        try
        {
            BrokerPolicy rules = BrokerPolicy.Load(file);
            broker.Policy = rules;
            log.Tell($"vfio: broker: {file}: {Count(rules)} from now on");
        }
        catch (VfioException e)
        {
            log.Tell($"vfio: broker: the policy stays as it was: {e.Message}");
        }
    }

    private static string Count(BrokerPolicy rules) => rules.RuleCount == 1 ? "1 rule" : $"{rules.RuleCount} rules";
}
