using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio replay</c>: does again what a recording tells, and says at which read the device answers otherwise.</summary>
internal static class ReplayCommand
{
    public const string Name = "replay";

    public static Command Create(CliHost host)
    {
        Argument<string> file = new("FILE") { Description = "A recording: what 'record FILE' in vfio shell wrote" };
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<VfioBackend> backend = Symbols.Backend();
        Option<bool> force = Symbols.Flag("--force", "Replay it on a device of another kind too");
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Perform a recorded session on a device, and compare what it reads.")
        {
            Notes =
            [
                "The whole file is checked before the device is touched. Accesses follow each other without the pauses of the recording; a 'wait' "
                + "waits for what it waited for then. The first read that differs ends it, with exit code 1.",
                "A recording of another kind of device (vendor and device id) is refused: what is harmless in one card's register is not in "
                + "another's.",
                ReadCommand.ResetNote,
            ],
            Examples =
            [
                ("vfio replay session.jsonl 0000:00:14.3", "does it still answer as it did?"),
                ("vfio replay session.jsonl 00:14.3 --json", "the same, for a program"),
            ],
        };
        command.Add(file);
        command.Add(device);
        command.Add(force);
        command.Add(backend);
        command.Add(json);
        command.SetAction(result => Run(
            host, result.GetRequiredValue(file), Symbols.Target(result, device, backend), result.GetValue(force), result.GetValue(json)));
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
                $"{Name}: the recording is of a device {recording.VendorId:x4}:{recording.DeviceId:x4}, {target.Name} is {device.VendorId:x4}:{device.DeviceId:x4}",
                "--force replays it all the same",
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

    // Ranges are the device's: they are known when it is open, and before it is touched.
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
                $"{where} {place} is still {place.Format(difference.Found)} after {seconds}, not {place.Format(condition.Value)} in the bits {place.Format(condition.Mask)}",
                "the recorded session saw it change in time");
        }

        string changes = string.Join(", ", FieldText.Changes(place.Register, expected.Value, difference.Found));
        string at = place.Register is null ? "" : $" ({place.Place})";
        return new CliException(
            $"{where} {place}{at} reads {place.Format(difference.Found)}, recorded was {place.Format(expected.Value)}: {changes}",
            "nothing after it was done");
    }

    private static void WriteJson(CliHost host, DeviceTarget target, ReplayResult outcome)
    {
        using Json json = new(host.Out);
        json.Writer.WriteStartObject();
        json.Writer.WriteString("address", target.Name);
        json.Writer.WriteBoolean("isSame", outcome.Difference is null);
        json.Writer.WriteNumber("accesses", outcome.Accesses);
        json.Writer.WriteNumber("reads", outcome.Reads);
        if (outcome.Difference is not ReplayDifference difference)
        {
            json.Writer.WriteNull("difference");
        }
        else
        {
            Access expected = difference.Recorded.Access;
            RegisterPlace place = expected.Place;
            json.Writer.WriteStartObject("difference");
            json.Writer.WriteNumber("line", difference.Recorded.Line);
            json.Writer.WriteString("operation", RecordingFormat.WordOf(expected.Kind));
            json.Writer.WriteString("region", place.Place.RegionName);
            json.Writer.WriteNumber("offset", place.Place.Offset);
            json.Writer.WriteNumber("width", place.Bits);
            json.Writer.WriteText("name", place.Register?.Name);
            json.Writer.WriteString("recorded", place.Format(expected.Value));
            json.Writer.WriteString("found", place.Format(difference.Found));
            json.Writer.WriteChanges(place.Register, expected.Value, difference.Found);
            json.Writer.WriteEndObject();
        }

        json.Writer.WriteEndObject();
    }
}
