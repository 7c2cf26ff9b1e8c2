using System.Globalization;
using System.Text.Json;

namespace Vfio.Host;

/// <summary>
/// The fields of the files in which it is kept how devices were, as JSON. Reading trusts nothing: what is in them is written to the kernel by root.
/// </summary>
internal static class StateFields
{
    private const int MaxItems = 4096;
    private const int MaxNameLength = 64;

    /// <summary>Makes any text one that an entry can hold.</summary>
    public static string Fit(string text)
    {
        string clean = string.Concat(text.Where(c => !char.IsControl(c)));
        return clean.Length == 0 ? "?" : clean.Length <= MaxNameLength ? clean : clean[..MaxNameLength];
    }

    /// <summary>Finds a field.</summary>
    /// <returns>Null where it is not there, as in a file of an earlier version, and where it is there and null.</returns>
    public static JsonElement? Find(JsonElement item, string property) =>
        item.TryGetProperty(property, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    // A device has at most 65535 virtual functions.
    public static int? ReadCount(JsonElement root, string name) => Find(root, name)?.GetUInt16();

    public static ushort ReadId(JsonElement root, string name) =>
        ushort.Parse(root.GetProperty(name).GetString() ?? "", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    // Names end up in paths and in kernel attributes.
    public static string? ReadName(JsonElement root, string property, bool isNeeded = false)
    {
        string? name = isNeeded ? root.GetProperty(property).GetString() : Find(root, property)?.GetString();
        return name is null || IsName(name) ? name : throw new StateDamage($"'{property}' in it is not a name");
    }

    public static void WriteInterfaces(Utf8JsonWriter json, IReadOnlyList<InterfaceState> interfaces) => WriteList(json, "interfaces", interfaces, state =>
    {
        WriteAnyName(json, state.Name);
        json.WriteBoolean("isUp", state.IsUp);
    });

    public static IReadOnlyList<InterfaceState> ReadInterfaces(JsonElement root) => ReadList(root, "interfaces", item => new InterfaceState(
        ReadAnyName(item) ?? throw new StateDamage("an interface has no name"), item.GetProperty("isUp").GetBoolean()));

    /// <summary>Reads a list of objects that have a name.</summary>
    public static IReadOnlyList<string> ReadNames(JsonElement root, string list) =>
        ReadList(root, list, item => ReadName(item, "name") ?? throw new StateDamage($"one of '{list}' in it has no name"));

    // An interface's name is bytes: all but a slash, white space and zero, as dev_valid_name (net/core/dev.c) has it. They only end up in paths and in requests to
    // the network stack, never in a kernel attribute.
    private static void WriteAnyName(Utf8JsonWriter json, string name)
    {
        if (IsName(name) && FileName.IsText(name))
        {
            json.WriteString("name", name);
        }
        else
        {
            json.WriteString("nameHex", Convert.ToHexStringLower(FileName.Encode(name)));
        }
    }

    private static string? ReadAnyName(JsonElement item)
    {
        if (Find(item, "nameHex")?.GetString() is not string hex)
        {
            return ReadName(item, "name");
        }

        byte[] bytes = hex.Length is > 0 and <= 2 * MaxNameLength ? Convert.FromHexString(hex) : [];
        string name = FileName.Decode(bytes);
        return bytes.Length != 0 && name is not ("." or "..") && !bytes.AsSpan().ContainsAny((byte)0, (byte)'/', (byte)'\n') ? name : throw new StateDamage("'nameHex' in it is not a name");
    }

    public static bool IsName(string name) => IsText(name) && name is not ("." or "..") && !name.Contains('/') && name.Trim() == name;

    // Texts are only shown.
    public static string? ReadText(JsonElement root, string property)
    {
        string? text = Find(root, property)?.GetString();
        return text is null || IsText(text) ? text : throw new StateDamage($"'{property}' in it is not a text");
    }

    private static bool IsText(string text) => text.Length is > 0 and <= MaxNameLength && !text.Any(char.IsControl);

    public static void WriteList<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<T> write)
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

    public static List<T> ReadList<T>(JsonElement root, string name, Func<JsonElement, T> read)
    {
        if (!root.TryGetProperty(name, out JsonElement array))
        {
            return [];
        }

        if (array.GetArrayLength() > MaxItems)
        {
            throw new StateDamage($"'{name}' in it is too long");
        }

        return [.. array.EnumerateArray().Select(read)];
    }
}

/// <summary>Why a file cannot be believed: the end of a sentence about it.</summary>
internal sealed class StateDamage(string message) : Exception(message);
