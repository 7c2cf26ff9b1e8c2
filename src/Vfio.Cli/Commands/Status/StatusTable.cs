using System.Globalization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Writes the bound devices as a table, one line per device.</summary>
internal static class StatusTable
{
    public static void Write(CliHost host, DeviceStatus[] taken)
    {
        if (taken.Length == 0)
        {
            host.Tell("no device is bound");
            return;
        }

        TextTable table = new(
            host.Terminal,
            new TextColumn("DEVICE"),
            new TextColumn("ORIGINALLY", MinWidth: 10),
            new TextColumn("NOW", MinWidth: 8),
            new TextColumn("USER", MinWidth: 8),
            new TextColumn("BY", MinWidth: 8),
            new TextColumn("SINCE"),
            new TextColumn("REMARKS"))
        {
            EndsWithRemarks = true,
        };
        foreach (DeviceStatus item in taken)
        {
            JournalEntry? entry = item.IsSound ? item.Entry : null;
            table.Add(
                item.Name,
                entry is null ? Unknown(item) : entry.OriginalDriver ?? "-",
                item.Device?.Driver ?? "-",
                entry is null ? Unknown(item) : entry.User ?? "-",
                entry?.BoundBy ?? Unknown(item),
                entry is null ? Unknown(item) : FormatTime(host, entry.BoundAt),
                string.Join("; ", Remarks(item)));
        }

        table.Write(host.Out);
    }

    /// <summary>Formats a time in the local time zone.</summary>
    public static string FormatTime(CliHost host, DateTimeOffset time) =>
        TimeZoneInfo.ConvertTime(time, host.Clock.LocalTimeZone)
            .ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    // A device that is persistent but not bound has no values here.
    private static string Unknown(DeviceStatus item) => item.Entry is null ? "-" : "?";

    /// <summary>Describes what driverctl will do with the device, if that differs from the present state.</summary>
    public static string? DriverctlRemark(DeviceStatus item) =>
        item.Driverctl is string driver && driver != item.Device?.Driver
            ? $"driverctl will bind it to {driver} at the next boot"
            : null;

    private static IEnumerable<string> Remarks(DeviceStatus item)
    {
        if (item is { IsSound: true, Entry.PreviousFunctionCount: int functions })
        {
            yield return $"had {functions} virtual functions";
        }

        if (item.Persistent is not null)
        {
            yield return "persistent";
        }

        if (DriverctlRemark(item) is string other)
        {
            yield return other;
        }

        if (item.Trouble is string trouble)
        {
            yield return trouble;
        }

        if (item.Holders.Count != 0)
        {
            yield return $"open by {string.Join(", ", item.Holders.Select(holder => holder.Process))}";
        }
        else if (item.Possible.Count != 0)
        {
            yield return $"possibly open by {string.Join(", ", item.Possible)}";
        }
    }
}
