using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio irq</c>: counts a device's interrupts.</summary>
internal static class IrqCommand
{
    private const string Name = "irq";
    private const int DefaultInterval = 1000;
    private const int MaxInterval = 24 * 60 * 60 * 1000;
    private const int MaxVector = 2047; // MSI-X has no more: PCI Local Bus Specification 3.0, 6.8.2.3

    private static readonly Dictionary<string, IrqIndex> Kinds = Enum.GetValues<IrqIndex>().ToDictionary(IrqCount.WordFor);

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<VfioBackend> backend = Symbols.Backend();
        Option<IrqIndex?> index = Index();
        Option<int?> vector = Symbols.Number(["--vector"], "N", "This vector alone; all unless told", 0, MaxVector);
        Option<int?> interval = Symbols.Number(["--interval"], "MS", "Milliseconds from one look to the next; 1000 unless told", 1, MaxInterval);
        Option<int?> count = Symbols.Number(["--count", "-n"], "COUNT", "End after so many signals", 1, int.MaxValue);
        Option<int?> timeout = Symbols.Number(["--timeout"], "SECONDS", "End after so long, with exit code 1 where -n signals did not come", 1, MaxInterval / 1000);
        Option<bool> trigger = Symbols.Flag("--trigger", "Signal each vector once, without the device, to see the way from the kernel to here");
        Option<bool> busMaster = Symbols.Flag("--bus-master", "Let the device use the bus, which MSI and MSI-X need; it has no memory to reach");
        Option<bool> json = Symbols.Flag("--json", "Print JSON Lines, one an event (docs/cli.md has the fields)");
        DocumentedCommand command = new(Name, "Count a device's interrupts, live.")
        {
            Notes =
            [
                "Enables the vectors of MSI-X, or of MSI or INTx where the device has no better, beside them the reports of bus errors, and prints how many signals "
                + "came, each interval in which some did: the count, the sum, and the rate. With -n or --timeout it ends by itself; Ctrl-C and SIGTERM end it with exit code 0.",
                "Where the kernel asks for the device back, to unplug or unbind it, the command says so, lets go and ends with exit code 1.",
                "The device is reset when it is opened: it interrupts only if it does so by itself, or another program drives its registers through an open descriptor.",
            ],
            Examples =
            [
                ("vfio irq 00:14.3 --trigger -n 5", "see the five vectors of a NIC work"),
                ("vfio irq 00:14.3 --index msi --bus-master", "its messages, for as long as one looks"),
                ("vfio irq 00:14.3 --vector 2 --timeout 60 -n 1 --json", "wait a minute for one, for a program"),
            ],
        };
        foreach (Option option in new Option[] { index, vector, interval, count, timeout, trigger, busMaster, backend, json })
        {
            command.Add(option);
        }

        command.Add(device);
        command.SetAction(result =>
        {
            using Interruption interruption = new(host.Stop);
            DeviceTarget target = Symbols.Target(result, device, backend);
            using VfioDevice opened = target.Open(host);
            opened.SetBusMaster(opened.GetBusMaster() || result.GetValue(busMaster));
            using IrqWatch watch = new(host, target.Name, opened, result.GetValue(index), result.GetValue(vector), result.GetValue(json));
            return watch.Run(
                result.GetValue(trigger),
                TimeSpan.FromMilliseconds(result.GetValue(interval) ?? DefaultInterval),
                (ulong?)result.GetValue(count),
                result.GetValue(timeout) is int seconds ? TimeSpan.FromSeconds(seconds) : null,
                interruption.Token);
        });
        return command;
    }

    private static Option<IrqIndex?> Index()
    {
        Option<IrqIndex?> option = new("--index")
        {
            Description = $"Which way to interrupt: {string.Join(", ", Kinds.Keys)}; the best the device has unless told",
            HelpName = "KIND",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (!Kinds.TryGetValue(text, out IrqIndex kind))
                {
                    result.AddError($"'{Symbols.Quote(text)}' is no way to interrupt; it is one of {string.Join(", ", Kinds.Keys)}");
                }

                return kind;
            },
        };
        option.CompletionSources.Add([.. Kinds.Keys]);
        return option;
    }
}
