using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio reset</c>, which resets a device or the whole bus it is on.</summary>
internal static class ResetCommand
{
    public const string Name = "reset";

    /// <summary>Gets the names of the kernel's reset methods, in its order of preference.</summary>
    public static IReadOnlyList<string> Methods { get; } =
        ["device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus"];

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<bool> hot = Symbols.Flag(
            "--hot", "Reset the whole bus with all devices on it; all must be bound and not in use");
        Option<string?> method = Method();
        Option<bool> dryRun = Symbols.Flag(
            "--dry-run",
            "Only show what would be reset. With --hot, the devices are opened for that, which resets each of them");
        Option<VfioBackend> backend = Symbols.Backend();
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Reset a bound device, or with --hot the bus it is on.")
        {
            Notes =
            [
                "By default, only the device is reset, with the first reset method that the kernel lists for it ('vfio "
                + "show' lists them as resets). --method uses another one, only for this reset; that needs root.",
                "With --hot, every device on the bus loses its state. The reset is refused with exit code 3 "
                + "unless all devices of the bus are bound to VFIO and no other program has one open. The "
                + "affected devices are listed.",
                "A device is also reset each time it is opened or closed.",
            ],
            Examples =
            [
                ("vfio reset 0000:00:14.3", "reset only the device"),
                ("sudo vfio reset --method pm 00:14.3", "choose the reset method"),
                ("vfio reset --hot --dry-run 03:01.0", "which devices a bus reset affects"),
                ("vfio reset --hot 03:01.0", "reset the bus"),
            ],
        };
        command.Add(device);
        command.Add(hot);
        command.Add(method);
        command.Add(dryRun);
        command.Add(backend);
        command.Add(json);
        command.Validators.Add(result =>
        {
            if (result.GetValue(hot) && result.GetValue(method) is not null)
            {
                result.AddError("--method and --hot cannot be combined: a bus has only one reset method");
            }
        });
        command.SetAction(result =>
        {
            DeviceTarget target = Symbols.Target(result, device, backend);
            return result.GetValue(hot)
                ? BusReset.Run(host, target, result.GetValue(dryRun), result.GetValue(json))
                : FunctionReset.Run(
                    host, target, result.GetValue(method), result.GetValue(dryRun), result.GetValue(json));
        });
        return command;
    }

    private static Option<string?> Method() => new("--method")
    {
        Description = "Use this reset method of the device: flr, pm, bus or another one",
        HelpName = "METHOD",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (text.Length == 0 || !text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            {
                result.AddError(
                    $"'{Symbols.Quote(text)}' is not a reset method; use a name such as {string.Join(", ", Methods)}");
            }

            return text;
        },
    };
}
