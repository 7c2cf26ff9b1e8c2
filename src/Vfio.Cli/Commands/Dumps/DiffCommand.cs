using System.CommandLine;
using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Implements <c>vfio diff</c>, which shows the differences between two dumps, or between a dump and the device now.
/// </summary>
internal static class DiffCommand
{
    public const string Name = "diff";

    /// <summary>The exit codes of diff(1): 0 for equal, 1 for different, 2 for an error.</summary>
    public const int Different = 1;
    public const int Trouble = 2;

    public static Command Create(CliHost host)
    {
        Argument<string> first = new("OLD") { Description = "A saved dump, or a device" };
        Argument<string> second = new("NEW") { Description = "The dump or device to compare it with" };
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Compare two dumps, or a dump with a device.")
        {
            Notes =
            [
                "A dump is a file that 'vfio dump' or 'lspci -s ADDRESS -xxxx' wrote. If one side is a device, vfio "
                + "reads only the registers that the dump contains. A name that is both a device and a file means the "
                + "device; write ./NAME for the file.",
                "If vfio knows the device, registers and fields are shown by name. The exit codes are those of diff: 0 "
                + "for equal, 1 for different, 2 for an error.",
                ReadCommand.ResetNote,
            ],
            Examples =
            [
                ("vfio diff before.txt after.txt", "two dumps"),
                ("vfio diff before.txt 0000:00:14.3", "a dump, and the device now"),
            ],
        };
        command.Add(first);
        command.Add(second);
        command.Add(json);
        command.SetAction(result =>
        {
            try
            {
                return Run(
                    host, result.GetRequiredValue(first), result.GetRequiredValue(second), result.GetValue(json));
            }
            catch (VfioException e)
            {
                throw new CliException(
                    e.Message, e.Hint is null ? "vfio status shows which devices are bound" : HintText.For(e), Trouble);
            }
            catch (Exception e)
                when (e is UnauthorizedAccessException || (e is IOException && !ErrorReport.IsClosedPipe(e)))
            {
                throw new CliException(
                    $"{Name}: {e.Message}",
                    "check that both files can be read, and that the output's disk is not full",
                    Trouble);
            }
        });
        return command;
    }

    private static int Run(CliHost host, string first, string second, bool isJson)
    {
        DeviceTarget? firstDevice = FindDevice(host, first);
        DeviceTarget? secondDevice = FindDevice(host, second);
        bool isFirstDevice = firstDevice is not null;
        if (isFirstDevice && secondDevice is not null)
        {
            throw new CliException(
                $"{Name}: OLD and NEW are both devices",
                "save one of them first: vfio dump DEV REGION -o FILE",
                Trouble);
        }

        using DumpFile file = DumpFile.Open(isFirstDevice ? second : first);
        if ((firstDevice ?? secondDevice) is not DeviceTarget target)
        {
            using DumpFile other = DumpFile.Open(second);
            CheckSame(first, file.Header, second, other.Header);
            RegisterMap? map = MapOf(host, file);
            return Compare(
                host,
                new Sides(first, second, file.Header, other.Header, map)
                {
                    EndsEarly = file.IsOfLspci || other.IsOfLspci,
                },
                file.Rows.Zip(other.Rows),
                isJson);
        }

        RegisterNames names = target.NameRegisters(host);
        if (file.Header.Region == RegionIndex.Config)
        {
            names.LoadCapabilities();
        }

        using RegisterSession session = RegisterSession.Open(host, target, names);
        DumpHeader now = DumpHeader.Of(
            target.Identify(host),
            file.Header.Region,
            session.Region(file.Header.Region).Length,
            file.Header.Bits,
            host.Clock.GetUtcNow());
        CheckSame(isFirstDevice ? second : first, file.Header, target.Name, now);
        IEnumerable<(DumpRow, DumpRow)> pairs = ReadAlongside(file, session, now.Length);
        Sides sides = isFirstDevice
            ? new Sides(target.Name, second, now, file.Header, names.Map(now.Region))
            : new Sides(first, target.Name, file.Header, now, names.Map(now.Region));
        sides = sides with { EndsEarly = file.IsOfLspci };
        return Compare(host, sides, isFirstDevice ? pairs.Select(pair => (pair.Item2, pair.Item1)) : pairs, isJson);
    }

    // A name that is not a device is a file; but emu:NAME is never a file, even if there is no such device model.
    private static DeviceTarget? FindDevice(CliHost host, string text) =>
        DeviceArgument.TryFind(host, text, out DeviceTarget? target, out string mistake, out string hint)
        || !DeviceArgument.IsModel(text)
            ? target
            : throw new CliException($"{Name}: {mistake}", hint, Trouble);

    // Reads from the device only what the file contains: registers that change when they are read were left out of it.
    private static IEnumerable<(DumpRow, DumpRow)> ReadAlongside(DumpFile file, RegisterSession session, ulong length)
    {
        DumpRow current = default;
        bool IsWanted(ulong offset, int count) => current.IsKnown((int)(offset - current.Offset), count);
        using IEnumerator<DumpRow> rows = file.Rows.GetEnumerator();
        if (!rows.MoveNext())
        {
            yield break;
        }

        current = rows.Current;
        foreach (DumpRow row in RegionRows.Read(
            session, file.Header.Region, file.Header.Bits, IsWanted, CancellationToken.None))
        {
            yield return (current, row);
            if (current.Offset + DumpRow.Width >= length || !rows.MoveNext())
            {
                yield break;
            }

            current = rows.Current;
        }
    }

    private static RegisterMap? MapOf(CliHost host, DumpFile file)
    {
        if (file.Header.Region == RegionIndex.Config)
        {
            return file.Header.Length >= PciConfigHeader.Length
                ? PciConfigSpace.Parse(file.ReadConfig()).ToRegisterMap()
                : null;
        }

        // The register map depends on the device, so the file's device is looked up on this host.
        PciDeviceInfo? device = new PciBus(host.Root).GetDevices().FirstOrDefault(
            device => device.VendorId == file.Header.VendorId && device.DeviceId == file.Header.DeviceId);
        return device is null ? null : new RegisterNames(host.LoadRegisters(device)).Map(file.Header.Region);
    }

    private static void CheckSame(string first, DumpHeader one, string second, DumpHeader other)
    {
        if (one.Region != other.Region || one.VendorId != other.VendorId || one.DeviceId != other.DeviceId)
        {
            throw new CliException(
                $"{Name}: {InputFile.Show(first)} is {one.RegionName} of a device {one.Ids}, {InputFile.Show(second)} "
                + $"is {other.RegionName} of {other.Ids}",
                "compare dumps of the same region of the same kind of device",
                Trouble);
        }
    }

    private static int Compare(CliHost host, Sides sides, IEnumerable<(DumpRow, DumpRow)> rows, bool isJson)
    {
        IEnumerable<DumpDifference> differences = rows.SelectMany(
            pair => DumpDifferences.Find(sides.Before, sides.Map, pair.Item1, pair.Item2));
        bool isDifferent = isJson ? WriteJson(host, sides, differences) : Write(host, sides, differences);
        return isDifferent ? Different : ExitCode.Done;
    }

    private static bool Write(CliHost host, Sides sides, IEnumerable<DumpDifference> differences)
    {
        bool isDifferent = false;
        int digits = Math.Max(2, (sides.Before.Length - 1).ToString("x", CultureInfo.InvariantCulture).Length);
        foreach (DumpDifference difference in differences)
        {
            WriteTitle(host, sides, isDifferent);
            isDifferent = true;
            RegisterPlace place = difference.Place;
            string name = place.Register is RegisterDescription register
                ? "  " + host.Terminal.Bold(register.Name)
                : "";
            string after = Highlight.Changed(host.Terminal, difference.Before, difference.After, place.Bits);
            host.Out.WriteLine($"{place.Place.ToString(digits)}: {place.Format(difference.Before)} -> {after}{name}");
            if (place.Register is { Fields.Count: > 0 })
            {
                FieldText.WriteChanges(host, place.Register, difference.Before, difference.After);
            }
        }

        if (sides.HasOtherLength)
        {
            WriteTitle(host, sides, isDifferent);
            isDifferent = true;
            host.Out.WriteLine($"length: 0x{sides.Before.Length:x} -> 0x{sides.After.Length:x}");
        }

        return isDifferent;
    }

    private static void WriteTitle(CliHost host, Sides sides, bool isWritten)
    {
        if (!isWritten)
        {
            host.Out.WriteLine(host.Terminal.Bold($"--- {Describe(sides.First, sides.Before)}"));
            host.Out.WriteLine(host.Terminal.Bold($"+++ {Describe(sides.Second, sides.After)}"));
        }
    }

    private static string Describe(string name, DumpHeader header)
    {
        string time = header.Time == default
            ? ""
            : header.Time.UtcDateTime.ToString(", yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return $"{InputFile.Show(name)} ({header.RegionName} of {header.Ids}{time})";
    }

    private static bool WriteJson(CliHost host, Sides sides, IEnumerable<DumpDifference> differences)
    {
        bool isDifferent = sides.HasOtherLength;
        Json.Write(
            host.Out,
            new DiffDocument(
                DiffSide.Of(sides.First, sides.Before),
                DiffSide.Of(sides.Second, sides.After),
                differences.Select(difference =>
                {
                    isDifferent = true;
                    return RegisterDifference.Of(difference);
                })),
            CliJson.Write);
        return isDifferent;
    }

    private sealed record Sides(string First, string Second, DumpHeader Before, DumpHeader After, RegisterMap? Map)
    {
        /// <summary>
        /// Gets whether a dump ends where the program that wrote it stopped, which can be before the end of the region.
        /// </summary>
        public bool EndsEarly { get; init; }

        public bool HasOtherLength => !EndsEarly && Before.Length != After.Length;
    }
}
