using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Vfio.Cli;

/// <summary><c>vfio status</c>: what is taken.</summary>
internal static class StatusCommand
{
    public static Command Create(CliHost host)
    {
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new("status", "Show what is taken: from which driver, for whom, since when.")
        {
            Notes =
            [
                "Programs that have a device open are shown as far as this user may see them: root sees all. A damaged journal entry is shown "
                + "as such; 'vfio release --force' mends it.",
            ],
            Examples =
            [
                ("vfio status", "what is taken"),
                ("sudo vfio status", "and who has it open, for all users"),
                ("vfio status --json | jq -r '.[].address'", "for scripts"),
            ],
        };
        command.Add(json);
        command.SetAction(result =>
        {
            PciBus bus = new(host.Root);
            DeviceHolders holders = new(host.Root);
            Taken[] taken = [.. new BindingJournal(host.Root).Entries().Select(entry => Taken.Of(entry, bus, holders))];
            if (result.GetValue(json))
            {
                WriteJson(host, taken);
            }
            else
            {
                WriteTable(host, taken);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void WriteTable(CliHost host, Taken[] taken)
    {
        if (taken.Length == 0)
        {
            host.Tell("nothing is taken");
            return;
        }

        TextTable table = new(
            host.Terminal,
            new TextColumn("DEVICE"),
            new TextColumn("FROM", MinWidth: 8),
            new TextColumn("NOW", MinWidth: 8),
            new TextColumn("USER", MinWidth: 8),
            new TextColumn("BY", MinWidth: 8),
            new TextColumn("SINCE"),
            new TextColumn("REMARKS"))
        {
            EndsWithRemarks = true,
        };
        foreach (Taken item in taken)
        {
            bool isSound = item.Entry.Damage is null;
            table.Add(
                item.Entry.Address.ToString(),
                isSound ? item.Entry.DriverBefore ?? "-" : "?",
                item.Device?.Driver ?? "-",
                isSound ? item.Entry.User ?? "-" : "?",
                isSound ? item.Entry.TakenBy : "?",
                isSound ? FormatTime(host, item.Entry.TakenAt) : "?",
                item.Remarks);
        }

        table.Write(host.Out);
    }

    private static string FormatTime(CliHost host, DateTimeOffset time) =>
        TimeZoneInfo.ConvertTime(time, host.Clock.LocalTimeZone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static void WriteJson(CliHost host, Taken[] taken)
    {
        using Json json = new(host.Out);
        json.WriteArray(null, taken, WriteTaken);
    }

    private static void WriteTaken(Utf8JsonWriter json, Taken taken)
    {
        JournalEntry entry = taken.Entry;
        bool isSound = entry.Damage is null;
        json.WriteStartObject();
        json.WriteString("address", entry.Address.ToString());
        json.WriteBoolean("isPresent", taken.Device is not null);
        json.WriteText("driver", taken.Device?.Driver);
        json.WriteText("driverBefore", entry.DriverBefore);
        json.WriteText("overrideBefore", entry.OverrideBefore);
        json.WriteText("user", entry.User);
        json.WriteText("takenBy", isSound ? entry.TakenBy : null);
        json.WriteString("takenAt", isSound ? entry.TakenAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) : null);
        json.WriteNumberOrNull("processId", isSound ? entry.ProcessId : null);
        json.WriteText("damage", entry.Damage);
        json.WriteStartArray("openBy");
        foreach (DeviceHolder holder in taken.Holders)
        {
            json.WriteStartObject();
            json.WriteNumber("processId", holder.ProcessId);
            json.WriteText("command", holder.Command);
            json.WriteNumber("userId", holder.UserId);
            json.WriteText("user", holder.UserName);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private sealed record Taken(JournalEntry Entry, PciDeviceInfo? Device, IReadOnlyList<DeviceHolder> Holders)
    {
        public string Remarks => string.Join("; ", ListRemarks());

        public static Taken Of(JournalEntry entry, PciBus bus, DeviceHolders holders)
        {
            PciDeviceInfo? device = bus.Find(entry.Address);
            return new Taken(entry, device, device is { HasVfioDriver: true } ? holders.OfDevice(device) : []);
        }

        private IEnumerable<string> ListRemarks()
        {
            if (Entry.Damage is string damage)
            {
                yield return $"damaged journal entry: {damage}";
            }
            else if (Device is null)
            {
                yield return "the device is gone";
            }
            else if (!Device.HasVfioDriver)
            {
                yield return "not with VFIO: a bind or release was interrupted, or somebody rebound it";
            }

            if (Holders.Count != 0)
            {
                yield return $"open by {string.Join(", ", Holders)}";
            }
        }
    }
}
