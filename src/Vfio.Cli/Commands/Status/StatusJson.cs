using System.Globalization;
using System.Text.Json;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Who has devices, as JSON: the same fields whether they were named or not (docs/cli.md).</summary>
internal static class StatusJson
{
    public static void Write(CliHost host, IEnumerable<DeviceStatus> devices)
    {
        uint? entryLimit = new DmaLimits(host.Root).ReadEntryLimit();
        using Json json = new(host.Out);
        json.WriteArray(null, devices, (writer, status) =>
        {
            writer.WriteStartObject();
            WriteFields(writer, status, entryLimit);
            writer.WriteEndObject();
        });
    }

    private static void WriteFields(Utf8JsonWriter json, DeviceStatus status, uint? entryLimit)
    {
        JournalEntry? entry = status.Entry;
        JournalEntry? sound = status.IsSound ? entry : null;
        json.WriteString("address", status.Name);
        json.WriteBoolean("isModel", status.IsModel);
        json.WriteBoolean("isTaken", entry is { IsTaken: true } or { Damage: not null });
        json.WriteBoolean("isPresent", status.IsModel || status.Device is not null);
        json.WriteText("driver", status.Device?.Driver);
        json.WriteText("driverBefore", entry?.DriverBefore);
        json.WriteText("overrideBefore", entry?.OverrideBefore);
        json.WriteText("user", entry?.User);
        json.WriteText("takenBy", sound?.TakenBy);
        json.WriteString("takenAt", sound?.TakenAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        json.WriteNumberOrNull("processId", sound?.ProcessId);
        json.WriteNumberOrNull("functionsBefore", entry?.FunctionsBefore);
        json.WriteText("damage", entry?.Damage);
        json.WriteBoolean("isPersistent", status.Persistent is not null);
        json.WriteText("driverctl", status.Driverctl);
        json.WriteText("trouble", status.Trouble);
        json.WriteNumberOrNull("unfinishedBy", status.Unfinished);
        json.WriteNumberOrNull("iommuGroup", status.Device?.IommuGroup);
        json.WriteNumberOrNull("dmaEntryLimit", status.IsModel ? null : entryLimit);
        json.WriteItems("nodes", status.Device is PciDeviceInfo device ? VfioNode.FindAll(device) : [], (writer, node) =>
        {
            writer.WriteString("path", node.Path);
            writer.WriteNumber("userId", node.UserId);
            writer.WriteText("user", node.UserName);
            writer.WriteNames("otherUsers", node.OtherUsers);
        });
        json.WriteItems("openBy", status.Holders, WriteHolder);
        json.WriteItems("perhapsOpenBy", status.Possible, WriteProcess);
        json.WriteItems("notExamined", status.Unexamined, (writer, process) => writer.WriteNumber("processId", process.ProcessId));
    }

    private static void WriteProcess(Utf8JsonWriter json, DeviceHolder process)
    {
        json.WriteNumber("processId", process.ProcessId);
        json.WriteText("command", process.Command);
        json.WriteNumberOrNull("userId", process.UserId);
        json.WriteText("user", process.UserName);
    }

    private static void WriteHolder(Utf8JsonWriter json, HolderStatus holder)
    {
        WriteProcess(json, holder.Process);
        if (holder.Memory is not LockedMemoryUse memory)
        {
            json.WriteNull("memory");
            return;
        }

        json.WriteStartObject("memory");
        json.WriteNumber("lockedBytes", memory.LockedBytes);
        json.WriteNumber("pinnedBytes", memory.PinnedBytes);
        json.WriteNumberOrNull("limit", memory.Limit);
        json.WriteEndObject();
    }
}
