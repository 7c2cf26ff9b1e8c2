using System.Globalization;
using System.Text;
using System.Text.Json;
using Vfio.Pci;
using static Vfio.Host.StateFields;

namespace Vfio.Host;

/// <summary>
/// The file of persistent devices as JSON. Reading trusts nothing. Files of all earlier versions are read:
/// <list type="bullet">
/// <item>1: each device as the journal of that time wrote it.</item>
/// <item>2: each device with the fields that last.</item>
/// </list>
/// </summary>
internal static class PersistentFormat
{
    private const int Version = 2;
    private const int VersionOfJournal = 1;
    private const int MaxDevices = 1024;

    /// <summary>The folders that the files may need, the outer first; all else in a file is not removed.</summary>
    public static IReadOnlyList<string> Folders { get; } =
        ["etc/vfio", "etc/udev", "etc/udev/rules.d", "etc/systemd", "etc/systemd/system", "etc/systemd/system/sysinit.target.wants"];

    public static byte[] Write(PersistentState state)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("program", state.Program);
            json.WriteStartArray("createdFolders");
            foreach (string folder in state.CreatedFolders)
            {
                json.WriteStringValue(folder);
            }

            json.WriteEndArray();
            WriteList(json, "devices", state.Devices, device => Write(json, device));
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter json, PersistentDevice device)
    {
        json.WriteString("address", device.Address.ToString());
        json.WriteString("vendorId", device.VendorId.ToString("x4", CultureInfo.InvariantCulture));
        json.WriteString("deviceId", device.DeviceId.ToString("x4", CultureInfo.InvariantCulture));
        json.WriteString("driver", device.Driver);
        json.WriteString("driverBefore", device.DriverBefore);
        json.WriteString("moduleBefore", device.ModuleBefore);
        json.WriteString("overrideBefore", device.OverrideBefore);
        if (device.FunctionsBefore is int functions)
        {
            json.WriteNumber("functionsBefore", functions);
        }

        WriteInterfaces(json, device.Interfaces);
        WriteList(json, "disks", device.Disks, disk => json.WriteString("name", disk));
        WriteList(json, "otherNames", device.OtherNames, name => json.WriteString("name", name));
        json.WriteString("user", device.User);
        json.WriteString("takenAt", device.TakenAt);
        json.WriteString("takenBy", device.TakenBy.Length == 0 ? null : device.TakenBy);
    }

    /// <summary>Reads the file.</summary>
    /// <param name="text">All of it.</param>
    /// <param name="state">What it says; <see langword="null"/> where it cannot be believed.</param>
    /// <returns>Why it cannot be believed; <see langword="null"/> where it can.</returns>
    public static string? Read(ReadOnlyMemory<byte> text, out PersistentState? state)
    {
        state = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return Read(document.RootElement, out state);
        }
        catch (StateDamage damage)
        {
            return damage.Message;
        }
        catch (JsonException)
        {
            return text.Length == 0 ? "it is empty" : "it is not whole";
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            return "something in it is missing, or is not what it should be";
        }
    }

    private static string? Read(JsonElement root, out PersistentState? state)
    {
        state = null;
        int version = root.GetProperty("version").GetInt32();
        if (version is < VersionOfJournal or > Version)
        {
            return $"another version of vfio wrote it (version {version}; this one knows {Version})";
        }

        string program = root.GetProperty("program").GetString() ?? "";
        string[] folders = [.. root.GetProperty("createdFolders").EnumerateArray().Take(Folders.Count + 1).Select(item => item.GetString() ?? "")];
        JsonElement list = root.GetProperty("devices");
        if (!InstalledProgram.IsPlain(program) || !folders.All(Folders.Contains) || list.GetArrayLength() > MaxDevices)
        {
            return "its program, its folders or its length cannot be";
        }

        List<PersistentDevice> devices = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (!PciAddress.TryParse(item.GetProperty("address").GetString(), out PciAddress address) || devices.Exists(other => other.Address == address))
            {
                return "a device in it has no address, or is in it twice";
            }

            PersistentDevice device = version == VersionOfJournal ? ReadEntry(address, item) : ReadDevice(address, item);
            if (!UdevRules.IsPlain(device.Driver))
            {
                return $"{address}: its driver is none";
            }

            devices.Add(device);
        }

        state = new PersistentState(program, folders, [.. devices.OrderBy(entry => entry.Address)]);
        return null;
    }

    private static PersistentDevice ReadEntry(PciAddress address, JsonElement item)
    {
        JournalEntry entry = JournalFormat.Read(address, Encoding.UTF8.GetBytes(item.GetRawText()));
        return entry.Damage is null ? PersistentDevice.Of(entry) : throw new StateDamage($"{address}: {entry.Damage}");
    }

    private static PersistentDevice ReadDevice(PciAddress address, JsonElement item) => new()
    {
        Address = address,
        VendorId = ReadId(item, "vendorId"),
        DeviceId = ReadId(item, "deviceId"),
        Driver = ReadName(item, "driver") ?? throw new StateDamage($"{address}: it names no driver"),
        DriverBefore = ReadName(item, "driverBefore"),
        ModuleBefore = ReadName(item, "moduleBefore"),
        OverrideBefore = ReadName(item, "overrideBefore"),
        FunctionsBefore = ReadCount(item, "functionsBefore"),
        Interfaces = ReadInterfaces(item),
        Disks = ReadNames(item, "disks"),
        OtherNames = ReadNames(item, "otherNames"),
        User = ReadText(item, "user"),
        TakenAt = Find(item, "takenAt")?.GetDateTimeOffset() ?? default,
        TakenBy = ReadText(item, "takenBy") ?? "",
    };
}
