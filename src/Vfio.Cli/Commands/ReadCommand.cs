using System.CommandLine;
using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio read</c>, which reads registers through the device's file descriptor.</summary>
internal static class ReadCommand
{
    public const string ResetNote =
        "The kernel resets the device each time it is opened or closed, "
        + "so the effect of one 'vfio write' may be gone at the next command. 'vfio shell' keeps the device open.";

    public const string NameNote =
        "A PLACE is a region and an offset (bar0+0x10, config+4, rom+0; numbers are decimal, or hexadecimal with 0x) "
        + "or, if vfio knows the device, the name of a register: STATUS, bar0.STATUS, config.COMMAND, EXP.LnkSta. Case "
        + "does not matter. A name implies the width.";

    private const string Name = "read";
    private const int MaxCount = 1 << 24;

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<VfioBackend> backend = Symbols.Backend();
        Argument<PlaceText> place = Symbols.Place();
        place.Arity = ArgumentArity.ZeroOrOne;
        Option<int?> width = Symbols.Width();
        Option<int?> count = Symbols.Number(
            ["--count", "-n"], "COUNT", "Read this many consecutive registers", 1, MaxCount);
        Option<bool> all = Symbols.Flag("--all", "Read every register that has a name, with its fields");
        Option<bool> fields = Symbols.Flag(
            "--fields", "Show names and fields, even if the output is not a terminal or PLACE is not a name");
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Read registers of a bound device.")
        {
            Notes =
            [
                NameNote,
                "On a terminal, a register that is read by its name is shown with its fields. In a pipe only the value "
                + "is printed, unless --fields is given.",
                "--all leaves out registers that change when they are read, write-only registers, and elements of "
                + "arrays from index 16 on; it reports what it left out.",
                ResetNote,
                "Each register is read with one access of its width through the file descriptor. If the device does "
                + "not answer, the command fails. Reading changes some registers, such as interrupt causes, counters "
                + "and FIFOs: it clears them or removes an entry.",
            ],
            Examples =
            [
                ("vfio read 0000:00:14.3 STATUS", "a register of a NIC, by name"),
                ("vfio read 0000:00:14.3 bar0+0x8", "the same, by place: 32 bits"),
                ("vfio read 0000:00:14.3 EXP.DevSta --fields", "PCIe errors, with fields"),
                ("vfio read 00:14.3 config -w 16 -n 2", "vendor and device ID"),
                ("vfio read 00:14.3 bar0 -n 64", "64 registers, one per line"),
                ("vfio read 00:14.3 --all", "all registers that have names"),
            ],
        };
        command.Add(device);
        command.Add(place);
        command.Add(width);
        command.Add(count);
        command.Add(all);
        command.Add(fields);
        command.Add(backend);
        command.Add(json);
        command.Validators.Add(result =>
        {
            bool isAll = result.GetValue(all);
            bool isPlace = result.GetResult(place) is { Tokens.Count: > 0 };
            if (isAll == isPlace)
            {
                result.AddError(
                    isAll ? "PLACE and --all cannot be combined" : "PLACE is missing; give one, or use --all");
            }
            else if (isAll && (result.GetResult(width) is not null || result.GetResult(count) is not null))
            {
                result.AddError(
                    "-w and -n cannot be combined with --all: it reads each register once, with its own width");
            }
        });
        command.SetAction(result =>
        {
            bool isJson = result.GetValue(json);
            if (result.GetValue(all))
            {
                return ReadAll(host, Symbols.Target(result, device, backend), isJson);
            }

            PlaceText text = result.GetRequiredValue(place);
            bool showsFields = result.GetValue(fields) || (text.IsName && host.Terminal.IsInteractive);
            DeviceTarget target = Symbols.Target(result, device, backend);
            RegisterNames names = text.IsName || showsFields || isJson
                ? target.NameRegisters(host)
                : RegisterNames.None;
            RegisterPlace first = names.Resolve(Name, text, result.GetValue(width));
            int number = result.GetValue(count) ?? 1;
            using RegisterSession session = RegisterSession.Open(host, target, names);
            session.Check(Name, first, number);
            if (isJson)
            {
                WriteJson(host, session, first, number);
            }
            else
            {
                Write(host, session, first, number, showsFields);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static int ReadAll(CliHost host, DeviceTarget target, bool isJson)
    {
        RegisterNames names = target.NameRegisters(host);
        names.LoadCapabilities();
        if (names.IsEmpty)
        {
            throw new CliException(
                $"{Name}: vfio has no register names for {target.Name}",
                $"vfio dump {target.Name} bar0 prints a whole region");
        }

        using RegisterSession session = RegisterSession.Open(host, target, names);
        EveryRegister every = new(session);
        if (isJson)
        {
            WriteJson(host, session, every);
        }
        else
        {
            foreach (RegisterPlace place in every.Places)
            {
                ulong value = session.Read(place);
                host.Out.WriteLine($"{place.Place}: {place.Format(value)}  {host.Terminal.Bold(place.Register!.Name)}");
                FieldText.Write(host, place.Register, value);
            }
        }

        foreach (string reason in every.LeftOut())
        {
            host.Tell(Printable.Clean($"vfio: {Name}: left out {reason}"));
        }

        return ExitCode.Done;
    }

    private static void WriteJson(CliHost host, RegisterSession session, EveryRegister every) => Json.Write(
        host.Out,
        new ReadAllDocument(
            session.Target.Name,
            every.Places.Select(place => PlacedRegisterDocument.Of(place, session.Read(place))),
            Late(every.LeftOut)),
        CliJson.Write);

    // Enumerated only when it is written: what was left out is known after everything was read.
    private static IEnumerable<string> Late(Func<IEnumerable<string>> find)
    {
        foreach (string item in find())
        {
            yield return item;
        }
    }

    private static IEnumerable<(RegisterPlace Place, ulong Value)> Read(
        RegisterSession session, RegisterPlace first, int count) =>
        Enumerable.Range(0, count)
            .Select(i => first.Place with { Offset = first.Place.Offset + ((ulong)i * first.Bytes) })
            // The first register keeps the name that the user gave, because two registers may share an offset.
            .Select(at => at == first.Place ? first : session.Names.Describe(at, first.Bits))
            .Select(place => (place, session.Read(place)));

    private static void Write(CliHost host, RegisterSession session, RegisterPlace first, int count, bool showsFields)
    {
        ulong last = first.Place.Offset + ((ulong)(count - 1) * first.Bytes);
        int digits = Math.Max(2, last.ToString("x", CultureInfo.InvariantCulture).Length);
        foreach ((RegisterPlace place, ulong value) in Read(session, first, count))
        {
            string label = count == 1 ? "" : place.Place.ToString(digits) + ": ";
            string name = count != 1 && showsFields && place.Register is RegisterDescription register
                ? "  " + host.Terminal.Bold(register.Name)
                : "";
            host.Out.WriteLine($"{label}{place.Format(value)}{name}");
            if (showsFields)
            {
                FieldText.Write(host, place.Register, value);
            }
        }
    }

    private static void WriteJson(CliHost host, RegisterSession session, RegisterPlace first, int count) => Json.Write(
        host.Out,
        new ReadDocument(
            session.Target.Name,
            first.Place.RegionName,
            first.Bits,
            Read(session, first, count).Select(register => RegisterDocument.Of(register.Place, register.Value))),
        CliJson.Write);
}

/// <summary>Describes what <c>vfio read</c> read, as JSON.</summary>
internal sealed record ReadDocument(string Address, string Region, int Width, IEnumerable<RegisterDocument> Registers);

/// <summary>Describes every register that has a name, as JSON.</summary>
internal sealed record ReadAllDocument(
    string Address, IEnumerable<PlacedRegisterDocument> Registers, IEnumerable<string> LeftOut);
