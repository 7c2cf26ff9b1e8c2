using System.CommandLine;
using System.Globalization;

namespace Vfio.Cli;

/// <summary><c>vfio read</c>: registers, through the device's file descriptor.</summary>
internal static class ReadCommand
{
    public const string ResetNote =
        "The kernel resets the device each time it is opened and each time it is closed: "
        + "what one 'vfio write' set, the next command may not find.";

    private const string Name = "read";
    private const int MaxCount = 1 << 24;

    public static Command Create(CliHost host)
    {
        Argument<PciAddress> device = Symbols.Device(host);
        Argument<Place> place = Symbols.Place();
        Option<int> width = Symbols.Width();
        Option<int?> count = Symbols.Number(["--count", "-n"], "COUNT", "How many successive registers to read", 1, MaxCount);
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Read registers of a device that VFIO has.")
        {
            Notes =
            [
                ResetNote,
                "Each register is one access of its width through the file descriptor, which answers an error where the device does not; "
                + "some registers change when they are read.",
            ],
            Examples =
            [
                ("vfio read 0000:00:14.3 bar0+0x8", "one 32-bit register"),
                ("vfio read 00:14.3 config -w 16 -n 2", "vendor and device id"),
                ("vfio read 00:14.3 bar0 -n 64", "64 registers, one a line"),
            ],
        };
        command.Add(device);
        command.Add(place);
        command.Add(width);
        command.Add(count);
        command.Add(json);
        command.SetAction(result =>
        {
            int number = result.GetValue(count) ?? 1;
            Run(host, result.GetRequiredValue(device), result.GetValue(place), result.GetValue(width), number, result.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Run(CliHost host, PciAddress address, Place place, int bits, int count, bool isJson)
    {
        RegisterWidth.CheckAligned(Name, place, bits);
        using VfioDevice device = host.OpenDevice(address, host.Root);
        using Region region = device.OpenRegion(place.Region, RegionAccess.Trapped);
        RegisterWidth.CheckRange(Name, region.Length, place, bits, count);
        uint bytes = (uint)bits / 8;
        IEnumerable<(Place Place, ulong Value)> registers = Enumerable.Range(0, count)
            .Select(i => place with { Offset = place.Offset + ((ulong)i * bytes) })
            .Select(at => (at, RegisterWidth.Read(region, at.Offset, bits)));
        if (isJson)
        {
            WriteJson(host, address, place, bits, registers);
        }
        else if (count == 1)
        {
            host.Out.WriteLine(RegisterWidth.Format(registers.Single().Value, bits));
        }
        else
        {
            ulong last = place.Offset + ((ulong)(count - 1) * bytes);
            int digits = Math.Max(2, last.ToString("x", CultureInfo.InvariantCulture).Length);
            foreach ((Place at, ulong value) in registers)
            {
                host.Out.WriteLine($"{at.ToString(digits)}: {RegisterWidth.Format(value, bits)}");
            }
        }
    }

    private static void WriteJson(
        CliHost host, PciAddress address, Place place, int bits, IEnumerable<(Place Place, ulong Value)> registers)
    {
        using Json json = new(host.Out);
        json.Writer.WriteStartObject();
        json.Writer.WriteString("address", address.ToString());
        json.Writer.WriteString("region", place.RegionName);
        json.Writer.WriteNumber("width", bits);
        json.WriteArray("registers", registers, (writer, register) =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("offset", register.Place.Offset);
            writer.WriteString("value", RegisterWidth.Format(register.Value, bits));
            writer.WriteEndObject();
        });
        json.Writer.WriteEndObject();
    }
}
