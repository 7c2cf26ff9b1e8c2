using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio reset</c>: a device alone, or the whole bus it is on.</summary>
internal static class ResetCommand
{
    public const string Name = "reset";

    /// <summary>The names that Linux has, in the order it prefers.</summary>
    public static IReadOnlyList<string> Methods { get; } = ["device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus"];

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<bool> hot = Symbols.Flag("--hot", "Reset the whole bus, with all devices on it, which have to be taken and free");
        Option<string?> method = Method();
        Option<bool> dryRun = Symbols.Flag("--dry-run", "Only show what would be reset; with --hot the devices are opened for that, which resets each alone");
        Option<VfioBackend> backend = Symbols.Backend();
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Reset a device that VFIO has, or with --hot the bus it is on.")
        {
            Notes =
            [
                "A device alone is reset in the first way of those that the kernel knows for it, which 'vfio show' lists (resets). --method has it use another one, for this time; "
                + "that needs root.",
                "With --hot, every device on the bus loses what its registers held. So it is refused, with exit code 3, unless VFIO has all of them and no program "
                + "has one open. What the reset hits is listed.",
                "A device is reset each time it is opened and closed, too.",
            ],
            Examples =
            [
                ("vfio reset 0000:00:14.3", "the device alone"),
                ("sudo vfio reset --method pm 00:14.3", "in a way of your choice"),
                ("vfio reset --hot --dry-run 03:01.0", "what a reset of its bus hits"),
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
                result.AddError("--method is for a device alone: the reset of a bus has one way");
            }
        });
        command.SetAction(result =>
        {
            DeviceTarget target = Symbols.Target(result, device, backend);
            return result.GetValue(hot)
                ? BusReset.Run(host, target, result.GetValue(dryRun), result.GetValue(json))
                : FunctionReset.Run(host, target, result.GetValue(method), result.GetValue(dryRun), result.GetValue(json));
        });
        return command;
    }

    private static Option<string?> Method() => new("--method")
    {
        Description = "Reset the device in this way: flr, pm, bus or another that it has",
        HelpName = "METHOD",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (text.Length == 0 || !text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            {
                result.AddError($"'{Symbols.Quote(text)}' is not a way to reset; it is a name like {string.Join(", ", Methods)}");
            }

            return text;
        },
    };
}
