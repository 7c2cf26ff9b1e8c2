using System.CommandLine;
using System.Globalization;
using System.Text;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio watch</c>, which reads registers repeatedly and prints each change.</summary>
internal static class WatchCommand
{
    private const string Name = "watch";
    private const int DefaultInterval = 100;
    private const int MaxInterval = 24 * 60 * 60 * 1000;

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<VfioBackend> backend = Symbols.Backend();
        Argument<PlaceText[]> places = Symbols.Places();
        Option<int?> width = Symbols.Width();
        Option<int?> interval = Symbols.Number(
            ["--interval"], "MS", "Read the registers every MS milliseconds. By default, 100", 1, MaxInterval);
        Option<int?> count = Symbols.Number(["--count", "-n"], "COUNT", "End after this many changes", 1, int.MaxValue);
        Option<bool> json = Symbols.Flag("--json", "Print events as JSON Lines (docs/cli.md describes the fields)");
        DocumentedCommand command = new(Name, "Watch registers, and print each change.")
        {
            Notes =
            [
                "Prints the current values first, then a line for each change: time, register, old and new value, and "
                + "the fields or bits that changed. A change that is reverted between two reads is not seen.",
                "Ctrl-C and SIGTERM close the device and end the command with exit code 0. If the kernel requests the "
                + "device, to unplug or unbind it, the command ends with exit code 1.",
                ReadCommand.NameNote,
                "The device is reset when it is opened. Some registers change when they are read, so other readers of "
                + "the device may miss values.",
            ],
            Examples =
            [
                ("vfio watch 0000:00:14.3 STATUS", "watch the link of a NIC"),
                ("vfio watch 00:14.3 STATUS EXP.DevSta -n 1", "wait for the first change"),
                ("vfio watch 00:14.3 bar0+8 --interval 1000 --json", "once a second, for scripts"),
            ],
        };
        command.Add(device);
        command.Add(places);
        command.Add(width);
        command.Add(interval);
        command.Add(count);
        command.Add(backend);
        command.Add(json);
        command.SetAction(result =>
        {
            DeviceTarget target = Symbols.Target(result, device, backend);
            RegisterNames names = target.NameRegisters(host);
            int? bits = result.GetValue(width);
            RegisterPlace[] registers =
                [.. result.GetRequiredValue(places).Select(text => names.Resolve(Name, text, bits))];
            TimeSpan pause = TimeSpan.FromMilliseconds(result.GetValue(interval) ?? DefaultInterval);
            using Interruption interruption = new(host.Stop);
            using RegisterSession session = RegisterSession.Open(host, target, names);
            foreach (RegisterPlace register in registers)
            {
                session.Check(Name, register);
            }

            Run(
                host,
                session,
                registers,
                pause,
                result.GetValue(count) ?? int.MaxValue,
                result.GetValue(json),
                interruption.Token);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Run(
        CliHost host,
        RegisterSession session,
        RegisterPlace[] places,
        TimeSpan pause,
        int count,
        bool isJson,
        CancellationToken cancellationToken)
    {
        session.Request.ThrowIfAsked();
        ulong[] last = new ulong[places.Length];
        for (int i = 0; i < places.Length; i++)
        {
            last[i] = session.Read(places[i]);
            Write(host, places[i], null, last[i], isJson);
        }

        host.Out.Flush();
        int seen = 0;
        while (seen < count && !cancellationToken.WaitHandle.WaitOne(pause))
        {
            session.Request.ThrowIfAsked();
            for (int i = 0; i < places.Length && seen < count; i++)
            {
                ulong value = session.Read(places[i]);
                if (value != last[i])
                {
                    Write(host, places[i], last[i], value, isJson);
                    last[i] = value;
                    seen++;
                }
            }

            host.Out.Flush();
        }
    }

    private static void Write(CliHost host, RegisterPlace place, ulong? before, ulong after, bool isJson)
    {
        if (isJson)
        {
            WriteJson(host, place, before, after);
            return;
        }

        StringBuilder plain = new($"{host.TimeOfDay()} {place} ");
        if (before is not ulong old)
        {
            host.Out.WriteLine($"{plain}{place.Format(after)}");
            return;
        }

        plain.Append(CultureInfo.InvariantCulture, $"{place.Format(old)} -> ");
        string words = string.Join(", ", FieldText.Changes(place.Register, old, after));
        int used = plain.Length + place.Format(after).Length + 2;
        bool fits = used + Printable.Width(words) <= (host.Terminal.Width ?? int.MaxValue);
        host.Out.WriteLine(
            plain + Highlight.Changed(host.Terminal, old, after, place.Bits) + (fits ? "  " + words : ""));
        if (!fits)
        {
            FieldText.WriteChanges(host, place.Register, old, after);
        }
    }

    private static void WriteJson(CliHost host, RegisterPlace place, ulong? before, ulong after) => Json.WriteLine(
        host.Out,
        new WatchLine(
            host.Clock.GetUtcNow().UtcDateTime,
            place.Place.RegionName,
            place.Place.Offset,
            place.Bits,
            place.Register?.Name,
            before is ulong old ? place.Format(old) : null,
            place.Format(after),
            FieldDocument.Of(place.Register, after),
            FieldText.Changes(place.Register, before ?? after, after)),
        CliJson.Write);
}

/// <summary>Describes a value of a watched register, as JSON.</summary>
internal sealed record WatchLine(
    DateTime Time,
    string Region,
    ulong Offset,
    int Width,
    string? Name,
    string? Before,
    string Value,
    FieldDocument[] Fields,
    IEnumerable<string> Changes);
