using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Vfio.Host;

/// <summary>
/// Reads and writes the JSON fields of the files that record the previous state of devices. Root writes their values to
/// the kernel, so reading trusts nothing.
/// </summary>
internal static class StateFields
{
    private const int MaxItems = 4096;
    private const int MaxNameLength = 64;
    private const string OtherKind = "a field is missing or has the wrong type";

    /// <summary>Makes any text fit an entry: removes control characters and cuts it to the greatest length.</summary>
    public static string Fit(string text)
    {
        string clean = string.Concat(text.Where(c => !char.IsControl(c)));
        return clean.Length == 0 ? "?" : clean.Length <= MaxNameLength ? clean : clean[..MaxNameLength];
    }

    /// <summary>Serializes a document to the bytes of a file, with a newline at the end.</summary>
    public static byte[] ToFile<T>(T document, JsonTypeInfo<T> type) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(document, type), (byte)'\n'];

    /// <summary>Reads a document.</summary>
    /// <returns>The document; <see langword="null"/> if it cannot be read, with the reason in <c>damage</c>.</returns>
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
                damage = read is null ? "its content is null" : null;
                return read;
            }
            catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
            {
                // Do not use the exception's message, which may quote the file's content.
                damage = OtherKind;
            }
        }
        catch (JsonException)
        {
            damage = text.Length == 0 ? "it is empty" : "it is not complete JSON";
        }

        return null;
    }

    public static string WriteId(ushort id) => id.ToString("x4", CultureInfo.InvariantCulture);

    public static ushort ReadId(string? text, string field) =>
        ushort.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort id)
            ? id : throw new StateCorruption($"its field '{field}' is not an ID");

    public static string WriteTime(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);

    public static DateTimeOffset ReadTime(string? text) => text is null ? default
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
            ? time
        : throw new StateCorruption(OtherKind);

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
            throw new StateCorruption(OtherKind);
        }
    }

    // Names are used in paths and written to kernel attributes.
    public static string? ReadName(string? name, string field) =>
        name is null || IsName(name) ? name : throw new StateCorruption($"its field '{field}' is not a valid name");

    public static NamedDocument[] WriteNames(IEnumerable<string> names) =>
        [.. names.Select(name => new NamedDocument { Name = name })];

    /// <summary>Reads a list of items that have a name.</summary>
    public static IReadOnlyList<string> ReadNames(NamedDocument?[]? list, string field) =>
        ReadList(
            list, field, item => ReadName(item.Name, "name")
                ?? throw new StateCorruption($"an item of its list '{field}' has no name"));

    // An interface's name is bytes: any but a slash, a colon, white space and zero (dev_valid_name in net/core/dev.c).
    // It is only used in paths and in requests to the network stack, and never written to a kernel attribute.
    public static InterfaceDocument[] WriteInterfaces(IEnumerable<InterfaceState> interfaces) =>
        [.. interfaces.Select(state => IsName(state.Name) && FileName.IsText(state.Name)
            ? new InterfaceDocument { Name = state.Name, IsUp = state.IsUp }
            : new InterfaceDocument
            {
                NameHex = Convert.ToHexStringLower(FileName.Encode(state.Name)),
                IsUp = state.IsUp,
            })];

    public static IReadOnlyList<InterfaceState> ReadInterfaces(InterfaceDocument?[]? list) =>
        ReadList(list, "interfaces", item => new InterfaceState
        {
            Name = item.NameHex is string hex
                ? ReadHexName(hex)
                : ReadName(item.Name, "name") ?? throw new StateCorruption("one of its interfaces has no name"),
            IsUp = item.IsUp,
        });

    public static bool IsName(string name) =>
        IsText(name) && name is not ("." or "..") && !name.Contains('/') && name.Trim() == name;

    // Texts are only shown.
    public static string? ReadText(string? text, string field) =>
        text is null || IsText(text) ? text : throw new StateCorruption($"its field '{field}' is not a valid text");

    public static List<T> ReadList<TItem, T>(TItem?[]? items, string field, Func<TItem, T> read)
        where TItem : class => items is null ? throw new StateCorruption($"its field '{field}' is not a list")
        : items.Length > MaxItems ? throw new StateCorruption($"its list '{field}' is too long")
        : [.. items.Select(item => read(item ?? throw new StateCorruption($"an item of its list '{field}' is null")))];

    private static string ReadHexName(string hex)
    {
        byte[] bytes = hex.Length is > 0 and <= 2 * MaxNameLength
            && hex.Length % 2 == 0
            && hex.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(hex)
            : [];
        string name = FileName.Decode(bytes);
        return bytes.Length != 0
            && name is not ("." or "..")
            && !bytes.AsSpan().ContainsAny((byte)0, (byte)'/', (byte)'\n')
            ? name
            : throw new StateCorruption("its field 'nameHex' is not a valid name");
    }

    private static bool IsText(string text) => text.Length is > 0 and <= MaxNameLength && !text.Any(char.IsControl);
}

/// <summary>The reason why a file is corrupt, as the end of a sentence about the file.</summary>
internal sealed class StateCorruption(string message) : Exception(message);
