using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio irq</c>, which counts a device's interrupts.</summary>
internal static class IrqCommand
{
    private const string Name = "irq";
    private const int DefaultInterval = 1000;
    private const int MaxInterval = 24 * 60 * 60 * 1000;
    private const int MaxVector = 2047; // the maximum of MSI-X: PCI Local Bus Specification 3.0, 6.8.2.3

    private static readonly Dictionary<string, IrqIndex> Kinds = Enum.GetValues<IrqIndex>()
        .ToDictionary(IrqCount.WordFor);

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<VfioBackend> backend = Symbols.Backend();
        Option<IrqIndex?> index = Index();
        Option<int?> vector = Symbols.Number(
            ["--vector"], "N", "Count only this vector. By default, all", 0, MaxVector);
        Option<int?> interval = Symbols.Number(
            ["--interval"], "MS", "Report every MS milliseconds. By default, 1000", 1, MaxInterval);
        Option<int?> count = Symbols.Number(["--count", "-n"], "COUNT", "End after this many signals", 1, int.MaxValue);
        Option<int?> timeout = Symbols.Number(
            ["--timeout"],
            "SECONDS",
            "End after this time, with exit code 1 if fewer than -n signals arrived",
            1,
            MaxInterval / 1000);
        Option<bool> trigger = Symbols.Flag(
            "--trigger",
            "Signal each vector once from the kernel, without the device, to test the path to this program");
        Option<bool> busMaster = Symbols.Flag(
            "--bus-master", "Enable bus mastering, which MSI and MSI-X need; no memory is mapped for the device");
        Option<bool> json = Symbols.Flag("--json", "Print events as JSON Lines (docs/cli.md describes the fields)");
        DocumentedCommand command = new(Name, "Count a device's interrupts as they arrive.")
        {
            Notes =
            [
                "Enables MSI-X, or MSI if the device has no MSI-X, or INTx if it has neither, and also bus error "
                + "reports. For each interval in which signals arrived, it prints their number, the total and the "
                + "rate. With -n or --timeout it ends by itself; Ctrl-C and SIGTERM end it with exit code 0.",
                "If the kernel requests the device, to unplug or unbind it, the command reports that, closes the "
                + "device and ends with exit code 1.",
                "The device is reset when it is opened. After that, it sends interrupts only if it does so without a "
                + "driver, or if another program sets its registers through a shared descriptor.",
            ],
            Examples =
            [
                ("vfio irq 00:14.3 --trigger -n 5", "test the five vectors of a NIC"),
                ("vfio irq 00:14.3 --index msi --bus-master", "count MSI interrupts until Ctrl-C"),
                ("vfio irq 00:14.3 --vector 2 --timeout 60 -n 1 --json", "wait up to a minute for one, for scripts"),
            ],
        };
        foreach (Option option in new Option[]
        {
            index, vector, interval, count, timeout, trigger, busMaster, backend, json,
        })
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
            using IrqWatch watch = new(
                host, target.Name, opened, result.GetValue(index), result.GetValue(vector), result.GetValue(json));
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
            Description =
                $"The interrupt type: {string.Join(", ", Kinds.Keys)}. By default, the best one that the device has",
            HelpName = "KIND",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (!Kinds.TryGetValue(text, out IrqIndex kind))
                {
                    result.AddError($"'{Symbols.Quote(text)}' is not an interrupt type; use one of "
                        + $"{string.Join(", ", Kinds.Keys)}");
                }

                return kind;
            },
        };
        option.CompletionSources.Add([.. Kinds.Keys]);
        return option;
    }
}
