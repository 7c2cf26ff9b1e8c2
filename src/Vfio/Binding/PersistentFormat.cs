using System.Text;
using System.Text.Json;

namespace Vfio.Binding;

/// <summary>The file of persistent devices as JSON: each device as the journal writes it. Reading trusts nothing.</summary>
internal static class PersistentFormat
{
    private const int Version = 1;
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
            json.WriteStartArray("devices");
            foreach (JournalEntry entry in state.Devices)
            {
                using JsonDocument document = JsonDocument.Parse(JournalFormat.Write(entry));
                document.RootElement.WriteTo(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
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
        catch (JsonException)
        {
            return text.Length == 0 ? "it is empty" : "it is not whole";
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return "something in it is missing, or is not what it should be";
        }
    }

    private static string? Read(JsonElement root, out PersistentState? state)
    {
        state = null;
        if (root.GetProperty("version").GetInt32() != Version)
        {
            return "another version of vfio wrote it";
        }

        string program = root.GetProperty("program").GetString() ?? "";
        string[] folders = [.. root.GetProperty("createdFolders").EnumerateArray().Take(Folders.Count + 1).Select(item => item.GetString() ?? "")];
        JsonElement list = root.GetProperty("devices");
        if (!InstalledProgram.IsPlain(program) || !folders.All(Folders.Contains) || list.GetArrayLength() > MaxDevices)
        {
            return "its program, its folders or its length cannot be";
        }

        List<JournalEntry> devices = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (!PciAddress.TryParse(item.GetProperty("address").GetString(), out PciAddress address) || devices.Exists(other => other.Address == address))
            {
                return "a device in it has no address, or is in it twice";
            }

            JournalEntry entry = JournalFormat.Read(address, Encoding.UTF8.GetBytes(item.GetRawText()));
            if (entry.Damage is not null || !UdevRules.IsPlain(entry.Driver))
            {
                return $"{address}: {entry.Damage ?? "its driver is none"}";
            }

            devices.Add(entry);
        }

        state = new PersistentState(program, folders, [.. devices.OrderBy(entry => entry.Address)]);
        return null;
    }
}
