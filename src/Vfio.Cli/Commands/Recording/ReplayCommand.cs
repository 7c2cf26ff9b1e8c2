using System.CommandLine;
using System.Text.Json.Serialization;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio replay</c>, which repeats a recording and reports the first read that differs.</summary>
internal static class ReplayCommand
{
    public const string Name = "replay";

    public static Command Create(CliHost host)
    {
        Argument<string> file = new("FILE") { Description = "A recording that 'record FILE' in vfio shell wrote" };
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<VfioBackend> backend = Symbols.Backend();
        Option<bool> force = Symbols.Flag("--force", "Replay it even on a device of another kind");
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Repeat a recorded session on a device, and compare what it reads.")
        {
            Notes =
            [
                "The whole file is checked before the device is touched. Accesses are made without the "
                + "pauses of the recording; a 'wait' waits for the recorded condition. The first read that "
                + "differs ends the replay, with exit code 1.",
                "A recording of another kind of device (vendor and device ID) is refused, because a write that is "
                + "harmless on one card may not be harmless on another.",
                ReadCommand.ResetNote,
            ],
            Examples =
            [
                ("vfio replay session.jsonl 0000:00:14.3", "does the device still behave the same?"),
                ("vfio replay session.jsonl 00:14.3 --json", "the same, for a program"),
            ],
        };
        command.Add(file);
        command.Add(device);
        command.Add(force);
        command.Add(backend);
        command.Add(json);
        command.SetAction(result => Run(
            host,
            result.GetRequiredValue(file),
            Symbols.Target(result, device, backend),
            result.GetValue(force),
            result.GetValue(json)));
        return command;
    }

    private static int Run(CliHost host, string file, DeviceTarget target, bool force, bool isJson)
    {
        DeviceIdentity device = target.Identify(host);
        RegisterNames names = target.NameRegisters(host);
        RecordingReader recording = RecordingReader.Open(file, names);
        if (!force && (recording.VendorId, recording.DeviceId) != (device.VendorId, device.DeviceId))
        {
            throw new CliException(
                $"{Name}: the recording is of a device {recording.VendorId:x4}:{recording.DeviceId:x4}, {target.Name} "
                + $"is {device.VendorId:x4}:{device.DeviceId:x4}",
                "--force replays it anyway",
                ExitCode.WrongUsage);
        }

        using Interruption interruption = new(host.Stop);
        using RegisterSession session = RegisterSession.Open(host, target, names);
        Check(session, recording);
        ReplayResult outcome;
        try
        {
            outcome = Replay.Perform(session, recording, interruption.Token);
        }
        catch (OperationCanceledException)
        {
            return interruption.Code;
        }

        if (isJson)
        {
            WriteJson(host, target, outcome);
        }

        if (outcome.Difference is ReplayDifference difference)
        {
            return isJson ? ExitCode.Failed : throw Describe(file, difference);
        }

        if (!isJson)
        {
            host.Out.WriteLine($"{outcome.Accesses} accesses made, {outcome.Reads} reads as recorded");
        }

        return ExitCode.Done;
    }

    // The limits of the regions are known once the device is open; everything is checked before the first access.
    private static void Check(RegisterSession session, RecordingReader recording)
    {
        foreach (RecordedAccess recorded in recording.Accesses)
        {
            if (recorded.Access.Kind == AccessKind.Reset)
            {
                continue;
            }

            try
            {
                session.Check(Name, recorded.Access.Place, isWrite: recorded.Access.Kind == AccessKind.Write);
            }
            catch (CliException e)
            {
                throw recording.Mistake(e.Message[(Name.Length + 2)..], recorded.Line);
            }
        }
    }

    private static CliException Describe(string file, ReplayDifference difference)
    {
        Access expected = difference.Recorded.Access;
        RegisterPlace place = expected.Place;
        string where = $"{Name}: {InputFile.Show(file)}:{difference.Recorded.Line}:";
        if (expected.Kind == AccessKind.Wait)
        {
            WaitCondition condition = expected.Condition;
            string seconds = FormattableString.Invariant($"{condition.Timeout.TotalSeconds} s");
            return new CliException(
                $"{where} {place} is still {place.Format(difference.Found)} after {seconds}; expected "
                + $"{place.Format(condition.Value)} in the bits {place.Format(condition.Mask)}",
                "the recorded session saw it change in time");
        }

        string changes = string.Join(", ", FieldText.Changes(place.Register, expected.Value, difference.Found));
        string at = place.Register is null ? "" : $" ({place.Place})";
        return new CliException(
            $"{where} {place}{at} reads {place.Format(difference.Found)} instead of the recorded "
            + $"{place.Format(expected.Value)}: {changes}",
            "the replay stopped there");
    }

    private static void WriteJson(CliHost host, DeviceTarget target, ReplayResult outcome) => Json.Write(
        host.Out,
        new ReplayDocument(
            target.Name,
            outcome.Difference is null,
            outcome.Accesses,
            outcome.Reads,
            outcome.Difference is ReplayDifference difference ? new ReplayDifferenceDocument(difference) : null),
        CliJson.Write);
}

/// <summary>Describes the result of a replay, as JSON.</summary>
internal sealed record ReplayDocument(
    string Address, bool IsSame, int Accesses, int Reads, ReplayDifferenceDocument? Difference);

/// <summary>Describes the first read that differs.</summary>
internal sealed class ReplayDifferenceDocument(ReplayDifference difference)
{
    [JsonConstructor]
    internal ReplayDifferenceDocument()
        : this(null!)
    {
    }

    private Access Expected => difference.Recorded.Access;

    private RegisterPlace At => Expected.Place;

    public int Line => difference.Recorded.Line;

    public string Operation => RecordingFormat.WordOf(Expected.Kind);

    public string Region => At.Place.RegionName;

    public ulong Offset => At.Place.Offset;

    public int Width => At.Bits;

    public string? Name => At.Register?.Name;

    public string Recorded => At.Format(Expected.Value);

    public string Found => At.Format(difference.Found);

    public IEnumerable<string> Changes => FieldText.Changes(At.Register, Expected.Value, difference.Found);
}
