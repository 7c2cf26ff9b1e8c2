using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Vfio.Host;

/// <summary>
/// The fields of the files in which it is kept how devices were, as JSON. Reading trusts nothing: what is in them is written to the kernel by root.
/// </summary>
internal static class StateFields
{
    private const int MaxItems = 4096;
    private const int MaxNameLength = 64;
    private const string OtherKind = "a field is missing or of another kind";

    /// <summary>Makes any text one that an entry can hold.</summary>
    public static string Fit(string text)
    {
        string clean = string.Concat(text.Where(c => !char.IsControl(c)));
        return clean.Length == 0 ? "?" : clean.Length <= MaxNameLength ? clean : clean[..MaxNameLength];
    }

    /// <summary>A document as the bytes of a file, with the end of its last line.</summary>
    public static byte[] ToFile<T>(T document, JsonTypeInfo<T> type) => [.. JsonSerializer.SerializeToUtf8Bytes(document, type), (byte)'\n'];

    /// <summary>Reads a document.</summary>
    /// <returns>The document; <see langword="null"/> where it cannot be read, which the damage then says.</returns>
    public static T? Parse<T>(ReadOnlyMemory<byte> text, JsonTypeInfo<T> type, out string? damage)
        where T : class
    {
        damage = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            try
            {
                T? read = document.RootElement.Deserialize(type);
                damage = read is null ? "it says nothing" : null;
                return read;
            }
            catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
            {
                // Not the exception's own words: they may quote what stands in the file.
                damage = OtherKind;
            }
        }
        catch (JsonException)
        {
            damage = text.Length == 0 ? "it is empty" : "it is not whole";
        }

        return null;
    }

    public static string WriteId(ushort id) => id.ToString("x4", CultureInfo.InvariantCulture);

    public static ushort ReadId(string? text, string field) => ushort.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort id)
        ? id : throw new StateDamage($"'{field}' in it is not an id");

    public static string WriteTime(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);

    public static DateTimeOffset ReadTime(string? text) => text is null ? default
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time) ? time
        : throw new StateDamage(OtherKind);

    /// <summary>Reads a number that may be missing.</summary>
    public static T? ReadNumber<T>(long? number)
        where T : struct, IBinaryInteger<T>
    {
        try
        {
            return number is long given ? T.CreateChecked(given) : null;
        }
        catch (OverflowException)
        {
            throw new StateDamage(OtherKind);
        }
    }

    // Names end up in paths and in kernel attributes.
    public static string? ReadName(string? name, string field) => name is null || IsName(name) ? name : throw new StateDamage($"'{field}' in it is not a name");

    public static NamedDocument[] WriteNames(IEnumerable<string> names) => [.. names.Select(name => new NamedDocument { Name = name })];

    /// <summary>Reads a list of things that have a name.</summary>
    public static IReadOnlyList<string> ReadNames(NamedDocument?[]? list, string field) =>
        ReadList(list, field, item => ReadName(item.Name, "name") ?? throw new StateDamage($"one of '{field}' in it has no name"));

    // An interface's name is bytes: all but a slash, white space and zero, as dev_valid_name (net/core/dev.c) has it. They only end up in paths and in requests to
    // the network stack, never in a kernel attribute.
    public static InterfaceDocument[] WriteInterfaces(IEnumerable<InterfaceState> interfaces) => [.. interfaces.Select(state => IsName(state.Name) && FileName.IsText(state.Name)
        ? new InterfaceDocument { Name = state.Name, IsUp = state.IsUp }
        : new InterfaceDocument { NameHex = Convert.ToHexStringLower(FileName.Encode(state.Name)), IsUp = state.IsUp })];

    public static IReadOnlyList<InterfaceState> ReadInterfaces(InterfaceDocument?[]? list) => ReadList(list, "interfaces", item => new InterfaceState
    {
        Name = item.NameHex is string hex ? ReadHexName(hex) : ReadName(item.Name, "name") ?? throw new StateDamage("an interface has no name"),
        IsUp = item.IsUp,
    });

    public static bool IsName(string name) => IsText(name) && name is not ("." or "..") && !name.Contains('/') && name.Trim() == name;

    // Texts are only shown.
    public static string? ReadText(string? text, string field) => text is null || IsText(text) ? text : throw new StateDamage($"'{field}' in it is not a text");

    public static List<T> ReadList<TItem, T>(TItem?[]? items, string field, Func<TItem, T> read)
        where TItem : class => items is null ? throw new StateDamage($"'{field}' in it is no list")
        : items.Length > MaxItems ? throw new StateDamage($"'{field}' in it is too long")
        : [.. items.Select(item => read(item ?? throw new StateDamage($"one of '{field}' in it is nothing")))];

    private static string ReadHexName(string hex)
    {
        byte[] bytes = hex.Length is > 0 and <= 2 * MaxNameLength && hex.Length % 2 == 0 && hex.All(char.IsAsciiHexDigit) ? Convert.FromHexString(hex) : [];
        string name = FileName.Decode(bytes);
        return bytes.Length != 0 && name is not ("." or "..") && !bytes.AsSpan().ContainsAny((byte)0, (byte)'/', (byte)'\n') ? name : throw new StateDamage("'nameHex' in it is not a name");
    }

    private static bool IsText(string text) => text.Length is > 0 and <= MaxNameLength && !text.Any(char.IsControl);
}

/// <summary>Why a file cannot be believed: the end of a sentence about it.</summary>
internal sealed class StateDamage(string message) : Exception(message);
