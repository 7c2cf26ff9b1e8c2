using System.CommandLine;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Implements <c>vfio dump</c>, which prints a whole region as text that <c>vfio diff</c> and lspci can read.
/// </summary>
internal static class DumpCommand
{
    private const string Name = "dump";
    private const int MostNamed = 6;

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<VfioBackend> backend = Symbols.Backend();
        Argument<Place> region = Region();
        Option<string> output = new("--output", "-o")
        {
            Description = "Write to this file, which is replaced only by a complete dump; - is standard output",
            HelpName = "FILE",
        };
        Option<int?> width = Symbols.Width();
        width.Description = "Width of each access in bits: 8, 16, 32 (the default) or 64";
        Option<bool> all = Symbols.Flag("--all", "Also read registers that change when they are read");
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Print a whole region of a bound device.")
        {
            Notes =
            [
                "Rows are as 'lspci -xxxx' prints them, with bytes in memory order. A row that equals the previous one "
                + "is printed as *, as hexdump does. Configuration space is printed in full, so that 'lspci -F FILE' "
                + "can read the dump. 'vfio diff' compares dumps.",
                "If vfio knows the device, registers that change when they are read are left out and shown as --; "
                + "--all reads them too. On a device that vfio does not know, every register is read, even if reading "
                + "it has side effects.",
                "-o writes a temporary file next to FILE and renames it when it is complete. It "
                + "replaces only regular files.",
                ReadCommand.ResetNote,
            ],
            Examples =
            [
                ("vfio dump 0000:00:14.3 bar0 -o before.txt", "the registers of a NIC, to a file"),
                ("vfio dump 00:14.3 config | lspci -vvv -F /dev/stdin", "configuration space, decoded by lspci"),
                ("vfio dump 00:03.0 bar0 -w 8", "read byte by byte"),
            ],
        };
        command.Add(device);
        command.Add(region);
        command.Add(output);
        command.Add(width);
        command.Add(all);
        command.Add(backend);
        command.Add(json);
        command.SetAction(result =>
        {
            DeviceTarget target = Symbols.Target(result, device, backend);
            using RegisterSession session = RegisterSession.Open(host, target, target.NameRegisters(host));
            using Interruption interruption = new(host.Stop);
            RegionIndex index = result.GetValue(region).Region;
            int bits = result.GetValue(width) ?? RegisterWidth.Default;
            try
            {
                Run(
                    host, session, index, bits, result.GetValue(output), result.GetValue(all), result.GetValue(json),
                    interruption.Token);
                return ExitCode.Done;
            }
            catch (OperationCanceledException)
            {
                return interruption.Code;
            }
        });
        return command;
    }

    /// <summary>Dumps a region of an open device.</summary>
    public static void Run(
        CliHost host,
        RegisterSession session,
        RegionIndex region,
        int bits,
        string? file,
        bool all,
        bool isJson,
        CancellationToken cancellationToken)
    {
        CheckRegion(session, region);
        DumpHeader header = DumpHeader.Of(
            session.Target.Identify(host), region, session.Region(region).Length, bits, host.Clock.GetUtcNow());
        RegisterMap? map = session.Names.Map(region);
        HashSet<ulong> untouchable = all ? [] : RegionRows.Untouchable(map);
        bool IsWanted(ulong offset, int count) =>
            untouchable.Count == 0 || !Enumerable.Range(0, count).Any(i => untouchable.Contains(offset + (ulong)i));
        IEnumerable<DumpRow> rows = RegionRows.Read(session, region, bits, IsWanted, cancellationToken);
        if (host.ShowsProgress && (file is not null || !host.Terminal.IsInteractive))
        {
            rows = new DumpProgress(host, header).Watch(rows);
        }

        void Write(TextWriter writer)
        {
            if (isJson)
            {
                DumpDocument.Write(writer, header, map, rows);
            }
            else
            {
                DumpWriter.Write(writer, header, rows);
            }
        }

        if (file is null or "-")
        {
            Write(host.Out);
        }
        else
        {
            OutputFile.WriteWhole(Name, file, Write);
        }

        TellLeftOut(host, all ? [] : [.. RegionRows.Unreadable(map)]);
    }

    /// <summary>Creates the argument that names a region.</summary>
    public static Argument<Place> Region() => new("REGION")
    {
        Description = "bar0 to bar5, rom or config",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (TryParseRegion(text, out Place place))
            {
                return place;
            }

            result.AddError($"'{Symbols.Quote(text)}' is not a region; use bar0 to bar5, rom or config");
            return default;
        },
    };

    /// <summary>Parses the name of a region.</summary>
    public static bool TryParseRegion(string text, out Place place) =>
        Place.TryParse(text, out place, out _) && !text.Contains('+');

    private static void CheckRegion(RegisterSession session, RegionIndex index)
    {
        Region region = session.Region(index);
        string name = new Place(index, 0).RegionName;
        if (!region.Info.CanRead)
        {
            throw new CliException(
                $"{Name}: {name} of {session.Target.Name} cannot be read", "this region can only be written");
        }

        if (region.Length > DumpHeader.MaxLength)
        {
            throw new CliException(
                $"{Name}: {name} has 0x{region.Length:x} bytes; reading them with system calls would take hours",
                "vfio read -n reads a part of it");
        }
    }

    private static void TellLeftOut(CliHost host, IReadOnlyList<RegisterDescription> registers)
    {
        Tell(
            [.. registers.Where(register => register.Access == RegisterAccess.ReadHasSideEffects)],
            "with read side effects");
        Tell(
            [.. registers.Where(register => register.Access != RegisterAccess.ReadHasSideEffects)],
            "that can only be written");
        if (registers.Count != 0)
        {
            host.Tell("hint: --all reads them too");
        }

        void Tell(IReadOnlyList<RegisterDescription> some, string which)
        {
            if (some.Count != 0)
            {
                string names = string.Join(", ", some.Take(MostNamed).Select(register => register.Name))
                    + (some.Count > MostNamed ? ", …" : "");
                host.Tell($"vfio: {Name}: left out "
                    + $"{(some.Count == 1 ? "1 register" : $"{some.Count} registers")} {which}: {names}");
            }
        }
    }
}
