using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio write</c>, which writes one register through the device's file descriptor.</summary>
internal static class WriteCommand
{
    private const string Name = "write";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<VfioBackend> backend = Symbols.Backend();
        Argument<PlaceText> place = Symbols.Place();
        Argument<ulong> value = Symbols.Value();
        Option<int?> width = Symbols.Width();
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Write a register of a bound device.")
        {
            Notes =
            [
                ReadCommand.NameNote,
                ReadCommand.ResetNote,
                "The register is written with one access of its width through the file descriptor, and not read back. "
                + "A wrong value in a wrong register can put a device into a state that a reset does not fix, so "
                + "follow its datasheet.",
            ],
            Examples =
            [
                ("vfio write 0000:00:14.3 CTRL 0x1", "a register of a NIC, by name"),
                ("vfio write 0000:00:14.3 bar0+0x8 0x1", "a 32-bit register, by place"),
                ("vfio write 00:14.3 config+4 0x6 -w 16", "COMMAND: enable memory and bus mastering"),
            ],
        };
        command.Add(device);
        command.Add(place);
        command.Add(value);
        command.Add(width);
        command.Add(backend);
        command.Add(json);
        command.SetAction(result =>
        {
            PlaceText text = result.GetRequiredValue(place);
            bool isJson = result.GetValue(json);
            DeviceTarget target = Symbols.Target(result, device, backend);
            RegisterNames names = text.IsName || isJson ? target.NameRegisters(host) : RegisterNames.None;
            return Run(
                host, target, names, names.Resolve(Name, text, result.GetValue(width)), result.GetValue(value), isJson);
        });
        return command;
    }

    private static int Run(
        CliHost host, DeviceTarget target, RegisterNames names, RegisterPlace place, ulong value, bool isJson)
    {
        RegisterWidth.CheckFits(Name, value, place.Bits);
        using RegisterSession session = RegisterSession.Open(host, target, names);
        session.Check(Name, place, isWrite: true);
        session.Write(place, value);
        return !isJson
            ? ExitCode.Done
            : ChangeReport.Write(
                host,
                "write: the register was written",
                $"vfio read {target.Name} {place.Place} reads it back",
                report =>
                {
                    WriteDocument document = new(
                        target.Name,
                        place.Place.RegionName,
                        place.Place.Offset,
                        place.Bits,
                        place.Format(value),
                        place.Register?.Name);
                    Json.Write(report.Out, document, CliJson.Write);
                    return ExitCode.Done;
                });
    }
}

/// <summary>Describes what <c>vfio write</c> wrote, as JSON.</summary>
internal sealed record WriteDocument(
    string Address, string Region, ulong Offset, int Width, string Value, string? Name);
