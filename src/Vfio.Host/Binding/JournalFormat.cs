using System.Globalization;
using System.Text.Json;
using Vfio.Pci;
using static Vfio.Host.StateFields;

namespace Vfio.Host;

/// <summary>
/// A journal entry as JSON. Reading trusts nothing: whatever does not fit makes the entry damaged, since what it says is
/// written into the kernel by root. Entries of all earlier versions are read:
/// <list type="bullet">
/// <item>1: nodes with the owner and group of before; a later one of these adds <c>otherNames</c>.</item>
/// <item>2: nodes with the user's access of before; <c>loadedModules</c>, <c>functionsBefore</c>, <c>enabledFunctions</c>.</item>
/// <item>3: <c>userId</c>, <c>writer</c>.</item>
/// </list>
/// </summary>
internal static class JournalFormat
{
    private const int Version = 3;

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
            WriteInterfaces(json, entry.Interfaces);
            WriteList(json, "disks", entry.Disks, disk => json.WriteString("name", disk));
            WriteList(json, "otherNames", entry.OtherNames, name => json.WriteString("name", name));
            json.WriteString("user", entry.User);
            if (entry.UserId is uint user)
            {
                json.WriteNumber("userId", user);
            }

            WriteList(json, "nodes", entry.Nodes, access =>
            {
                json.WriteString("node", access.Node);
                if (access.Before is int before)
                {
                    json.WriteNumber("before", before);
                }

                if (access.OwnerBefore is (uint owner, uint ownersGroup))
                {
                    json.WriteNumber("userId", owner);
                    json.WriteNumber("groupId", ownersGroup);
                }
            });
            json.WriteString("takenAt", entry.TakenAt);
            json.WriteString("takenBy", entry.TakenBy.Length == 0 ? null : entry.TakenBy);
            json.WriteNumber("processId", entry.ProcessId);
            if (entry.Writer is ProcessIdentity writer)
            {
                json.WriteStartObject("writer");
                json.WriteNumber("processId", writer.Id);
                json.WriteNumber("startTime", writer.StartTime);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>Reads an entry; one that cannot be believed comes back as damaged, with the reason.</summary>
    public static JournalEntry Read(PciAddress address, ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return Read(address, document.RootElement);
        }
        catch (StateDamage damage)
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
        int version = root.GetProperty("version").GetInt32();
        if (version < 1)
        {
            throw new StateDamage("it has no version");
        }

        if (!PciAddress.TryParse(root.GetProperty("address").GetString(), out PciAddress written) || written != address)
        {
            throw new StateDamage("it speaks of another device");
        }

        int? functions = ReadCount(root, "functionsBefore");
        return new JournalEntry
        {
            Address = address,
            // Readable, but it may say more than is understood here: not to be acted upon without a word.
            Damage = version > Version ? $"a newer vfio wrote it (version {version}; this one knows {Version})" : null,
            VendorId = ReadId(root, "vendorId"),
            DeviceId = ReadId(root, "deviceId"),
            Driver = ReadName(root, "driver", isNeeded: true) ?? (functions is not null ? "" : throw new StateDamage("it names no driver")),
            DriverBefore = ReadName(root, "driverBefore", isNeeded: true),
            ModuleBefore = ReadName(root, "moduleBefore"),
            OverrideBefore = ReadName(root, "overrideBefore", isNeeded: true),
            LoadedModules = ReadNames(root, "loadedModules"),
            FunctionsBefore = functions,
            EnabledFunctions = Find(root, "enabledFunctions") is JsonElement enabled && enabled.GetBoolean(),
            Interfaces = ReadInterfaces(root),
            Disks = ReadNames(root, "disks"),
            OtherNames = ReadNames(root, "otherNames"),
            User = ReadText(root, "user"),
            UserId = Find(root, "userId")?.GetUInt32(),
            Nodes = ReadList(root, "nodes", ReadNode),
            TakenAt = Find(root, "takenAt")?.GetDateTimeOffset() ?? default,
            TakenBy = ReadText(root, "takenBy") ?? "",
            ProcessId = Find(root, "processId")?.GetInt32() ?? 0,
            Writer = Find(root, "writer") is JsonElement writer ? new ProcessIdentity(writer.GetProperty("processId").GetInt32(), writer.GetProperty("startTime").GetInt64()) : null,
        };
    }

    private static NodeAccess ReadNode(JsonElement item)
    {
        string node = item.GetProperty("node").GetString() ?? "";
        bool isVfioNode = node == "iommu" || (node.StartsWith("vfio/", StringComparison.Ordinal) && node.Split('/').Skip(1).All(IsName));
        int? before = Find(item, "before")?.GetInt32();
        (uint, uint)? owner = Find(item, "userId") is JsonElement user ? (user.GetUInt32(), item.GetProperty("groupId").GetUInt32()) : null;
        return isVfioNode && before is null or (>= 0 and <= 7)
            ? new NodeAccess(node, before) { OwnerBefore = owner }
            : throw new StateDamage("a node in it is none of VFIO's");
    }
}
