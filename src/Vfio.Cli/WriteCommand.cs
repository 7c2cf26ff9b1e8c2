using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio write</c>: one register, through the device's file descriptor.</summary>
internal static class WriteCommand
{
    private const string Name = "write";

    public static Command Create(CliHost host)
    {
        Argument<PciAddress> device = Symbols.Device(host);
        Argument<Place> place = Symbols.Place();
        Argument<ulong> value = Symbols.Value();
        Option<int> width = Symbols.Width();
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Write a register of a device that VFIO has.")
        {
            Notes =
            [
                ReadCommand.ResetNote,
                "The write is one access of its width through the file descriptor; nothing is read back. A wrong value in a wrong register can "
                + "upset a device beyond what a reset mends: write what its datasheet says.",
            ],
            Examples =
            [
                ("vfio write 0000:00:14.3 bar0+0x8 0x1", "a 32-bit register"),
                ("vfio write 00:14.3 config+4 0x6 -w 16", "command: memory, bus master"),
            ],
        };
        command.Add(device);
        command.Add(place);
        command.Add(value);
        command.Add(width);
        command.Add(json);
        command.SetAction(result =>
        {
            Run(
                host, result.GetRequiredValue(device), result.GetValue(place), result.GetValue(value), result.GetValue(width), result.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Run(CliHost host, PciAddress address, Place place, ulong value, int bits, bool isJson)
    {
        RegisterWidth.CheckAligned(Name, place, bits);
        if (!RegisterWidth.Fits(value, bits))
        {
            throw new CliException(
                $"{Name}: 0x{value:x} does not fit a register of {bits} bits", "-w chooses another width: 8, 16, 32 or 64", ExitCode.WrongUsage);
        }

        using VfioDevice device = host.OpenDevice(address, host.Root);
        using Region region = device.OpenRegion(place.Region, RegionAccess.Trapped);
        RegisterWidth.CheckRange(Name, region.Length, place, bits, count: 1);
        if (!region.Info.CanWrite)
        {
            throw new CliException($"{Name}: {place.RegionName} of {address} cannot be written", "a ROM, for one, is read only");
        }

        RegisterWidth.Write(region, place.Offset, bits, value);
        if (isJson)
        {
            using Json json = new(host.Out);
            json.Writer.WriteStartObject();
            json.Writer.WriteString("address", address.ToString());
            json.Writer.WriteString("region", place.RegionName);
            json.Writer.WriteNumber("offset", place.Offset);
            json.Writer.WriteNumber("width", bits);
            json.Writer.WriteString("value", RegisterWidth.Format(value, bits));
            json.Writer.WriteEndObject();
        }
    }
}
