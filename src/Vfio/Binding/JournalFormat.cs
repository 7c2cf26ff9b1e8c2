using System.Globalization;
using System.Text.Json;

namespace Vfio.Binding;

/// <summary>
/// A journal entry as JSON. Reading trusts nothing: whatever does not fit makes the entry damaged, since what it says is
/// written into the kernel by root.
/// </summary>
internal static class JournalFormat
{
    private const int Version = 2;
    private const int MaxItems = 4096;
    private const int MaxNameLength = 64;

    public static byte[] Write(JournalEntry entry)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("address", entry.Address.ToString());
            json.WriteString("vendorId", entry.VendorId.ToString("x4", CultureInfo.InvariantCulture));
            json.WriteString("deviceId", entry.DeviceId.ToString("x4", CultureInfo.InvariantCulture));
            json.WriteString("driver", entry.IsTaken ? entry.Driver : null);
            json.WriteString("driverBefore", entry.DriverBefore);
            json.WriteString("moduleBefore", entry.ModuleBefore);
            json.WriteString("overrideBefore", entry.OverrideBefore);
            WriteList(json, "loadedModules", entry.LoadedModules, module => json.WriteString("name", module));
            json.WritePropertyName("functionsBefore");
            json.WriteRawValue(entry.FunctionsBefore?.ToString(CultureInfo.InvariantCulture) ?? "null");
            json.WriteBoolean("enabledFunctions", entry.EnabledFunctions);
            WriteList(json, "interfaces", entry.Interfaces, state =>
            {
                json.WriteString("name", state.Name);
                json.WriteBoolean("isUp", state.IsUp);
            });
            WriteList(json, "disks", entry.Disks, disk => json.WriteString("name", disk));
            WriteList(json, "otherNames", entry.OtherNames, name => json.WriteString("name", name));
            json.WriteString("user", entry.User);
            WriteList(json, "nodes", entry.Nodes, access =>
            {
                json.WriteString("node", access.Node);
                if (access.Before is int before)
                {
                    json.WriteNumber("before", before);
                }
            });
            json.WriteString("takenAt", entry.TakenAt);
            json.WriteString("takenBy", entry.TakenBy);
            json.WriteNumber("processId", entry.ProcessId);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>Makes any text one that an entry can hold.</summary>
    public static string Fit(string text)
    {
        string clean = string.Concat(text.Where(c => !char.IsControl(c)));
        return clean.Length == 0 ? "?" : clean.Length <= MaxNameLength ? clean : clean[..MaxNameLength];
    }

    /// <summary>Reads an entry; one that cannot be believed comes back as damaged, with the reason.</summary>
    public static JournalEntry Read(PciAddress address, ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return Read(address, document.RootElement);
        }
        catch (JournalDamage damage)
        {
            return new JournalEntry { Address = address, Damage = damage.Message };
        }
        catch (JsonException)
        {
            return new JournalEntry { Address = address, Damage = text.Length == 0 ? "it is empty" : "it is not whole" };
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or OverflowException)
        {
            // Not the exception's own words: they may quote what stands in the file.
            return new JournalEntry { Address = address, Damage = "a field is missing or of another kind" };
        }
    }

    private static JournalEntry Read(PciAddress address, JsonElement root)
    {
        if (root.GetProperty("version").GetInt32() != Version)
        {
            throw new JournalDamage("it was written by another version");
        }

        if (!PciAddress.TryParse(root.GetProperty("address").GetString(), out PciAddress written) || written != address)
        {
            throw new JournalDamage("it speaks of another device");
        }

        return new JournalEntry
        {
            Address = address,
            VendorId = ReadId(root, "vendorId"),
            DeviceId = ReadId(root, "deviceId"),
            Driver = ReadName(root, "driver") ?? (ReadCount(root, "functionsBefore") is not null ? "" : throw new JournalDamage("it names no driver")),
            DriverBefore = ReadName(root, "driverBefore"),
            ModuleBefore = ReadName(root, "moduleBefore"),
            OverrideBefore = ReadName(root, "overrideBefore"),
            LoadedModules = ReadList(root, "loadedModules", item => ReadName(item, "name") ?? throw new JournalDamage("a module has no name")),
            FunctionsBefore = ReadCount(root, "functionsBefore"),
            EnabledFunctions = root.GetProperty("enabledFunctions").GetBoolean(),
            Interfaces = ReadList(root, "interfaces", item => new InterfaceState(
                ReadName(item, "name") ?? throw new JournalDamage("an interface has no name"), item.GetProperty("isUp").GetBoolean())),
            Disks = ReadList(root, "disks", item => ReadName(item, "name") ?? throw new JournalDamage("a disk has no name")),
            OtherNames = ReadList(root, "otherNames", item => ReadName(item, "name") ?? throw new JournalDamage("one of its names is none")),
            User = ReadText(root, "user"),
            Nodes = ReadList(root, "nodes", ReadNode),
            TakenAt = root.GetProperty("takenAt").GetDateTimeOffset(),
            TakenBy = ReadText(root, "takenBy") ?? "",
            ProcessId = root.GetProperty("processId").GetInt32(),
        };
    }

    // A device has at most 65535 virtual functions.
    private static int? ReadCount(JsonElement root, string name) =>
        root.GetProperty(name) is { ValueKind: not JsonValueKind.Null } count ? count.GetUInt16() : null;

    private static ushort ReadId(JsonElement root, string name) =>
        ushort.Parse(root.GetProperty(name).GetString() ?? "", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static NodeAccess ReadNode(JsonElement item)
    {
        string node = item.GetProperty("node").GetString() ?? "";
        bool isVfioNode = node == "iommu" || (node.StartsWith("vfio/", StringComparison.Ordinal) && node.Split('/').Skip(1).All(IsName));
        int? before = item.TryGetProperty("before", out JsonElement permissions) ? permissions.GetInt32() : null;
        return isVfioNode && before is null or (>= 0 and <= 7)
            ? new NodeAccess(node, before)
            : throw new JournalDamage("a node in it is none of VFIO's");
    }

    // Names end up in paths and in kernel attributes.
    private static string? ReadName(JsonElement root, string property)
    {
        string? name = root.GetProperty(property).GetString();
        return name is null || IsName(name) ? name : throw new JournalDamage($"'{property}' in it is not a name");
    }

    private static bool IsName(string name) => IsText(name) && name is not ("." or "..") && !name.Contains('/') && name.Trim() == name;

    // Texts are only shown.
    private static string? ReadText(JsonElement root, string property)
    {
        string? text = root.GetProperty(property).GetString();
        return text is null || IsText(text) ? text : throw new JournalDamage($"'{property}' in it is not a text");
    }

    private static bool IsText(string text) => text.Length is > 0 and <= MaxNameLength && !text.Any(char.IsControl);

    private static void WriteList<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStartObject();
            write(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static List<T> ReadList<T>(JsonElement root, string name, Func<JsonElement, T> read)
    {
        JsonElement array = root.GetProperty(name);
        if (array.GetArrayLength() > MaxItems)
        {
            throw new JournalDamage($"'{name}' in it is too long");
        }

        return [.. array.EnumerateArray().Select(read)];
    }

    private sealed class JournalDamage(string message) : Exception(message);
}
