using System.Text.RegularExpressions;

namespace Vfio.Tests;

/// <summary>
/// Defines which room of src/Vfio may use which others, and finds uses by the names of types in the source. A room is a
/// folder; all rooms share one namespace.
/// </summary>
internal static partial class RoomRules
{
    /// <summary>Represents a permitted use of one room by another; if types are named, only of those.</summary>
    public static readonly IReadOnlyList<Arrow> Arrows =
    [
        new("Interop", "Base"),
        new("Seam", "Base"),
        new("Seam", "Interop"),
        new("Sysfs", "Base"),
        new("Sysfs", "Interop"),
        new("Sysfs", "Seam", "IrqIndex"), // whose vectors the host counts
        new("Broker", "Base"),
        new("Broker", "Interop"), // descriptors over a socket
        new("Regions/Guard", "Base"),
        new("Regions/Guard", "Interop"),
        new("Regions/Guard", "Seam", "MappedMemory"),
        new("Regions", "Base"),
        new("Regions", "Interop"),
        new("Regions", "Seam"),
        new("Regions", "Regions/Guard", "MappingGuard"),
        new("Dma", "Base"),
        new("Dma", "Interop"),
        new("Dma", "Seam"),
        new("Dma", "Regions", "Region", "Mmio", "AccessBounds"), // memory for others; single loads and stores
        new("Interrupts", "Base"),
        new("Interrupts", "Interop"),
        new("Interrupts", "Seam"),
        new("Interrupts", "Sysfs", "HostInterrupts"), // the host's side of a vector: its number and its processors
        new("Migration", "Base"),
        new("Migration", "Seam"),
        new("Migration", "Dma", "DmaMapping"), // the mappings that dirty tracking covers
        new("Backends", "Base"),
        new("Backends", "Interop"),
        new("Backends", "Seam"),
        new("Backends", "Sysfs"), // what is to be opened, and why it could not be
        new("Backends/Type1", "Base"),
        new("Backends/Type1", "Interop"),
        new("Backends/Type1", "Seam"),
        new("Backends/Type1", "Sysfs"),
        new("Backends/Type1", "Backends"),
        new("Backends/Iommufd", "Base"),
        new("Backends/Iommufd", "Interop"),
        new("Backends/Iommufd", "Seam"),
        new("Backends/Iommufd", "Sysfs"),
        new("Backends/Iommufd", "Backends"),
        new("Device", "Base"),
        new("Device", "Interop"),
        new("Device", "Seam"),
        new("Device", "Sysfs"),
        new("Device", "Regions"),
        new("Device", "Dma"),
        new("Device", "Interrupts", "DeviceInterrupts"),
        new("Device", "Migration"),
        new("Device", "Broker"), // OpenThroughBroker is a client of the broker
        new("Device", "Backends"),
        new("Device", "Backends/Type1"),
        new("Device", "Backends/Iommufd"),
    ];

    /// <summary>The rooms that may compile unsafe code.</summary>
    public static readonly IReadOnlyList<string> UnsafeRooms = ["Regions", "Regions/Guard", "Interop", "Dma"];

    /// <summary>Returns the room of a file; a folder with its own headers in Interop belongs to Interop.</summary>
    public static string RoomOf(string relativePath) => Path.GetDirectoryName(relativePath) switch
    {
        "" or null => "(no room)",
        "Interop/Uapi" => "Interop",
        string folder => folder,
    };

    /// <summary>Returns every use of another room's type, in files given as path and text.</summary>
    public static IReadOnlyList<Use> FindUses(IReadOnlyDictionary<string, string> files)
    {
        Dictionary<string, string> code = files.ToDictionary(file => file.Key, file => SourceText.CodeOf(file.Value));
        Dictionary<string, string> rooms = [];
        foreach ((string path, string text) in code)
        {
            foreach (string type in DeclaredTypes(text))
            {
                rooms[type] = RoomOf(path);
            }
        }

        return [.. code.SelectMany(file => UsedNames(file.Value)
            .Where(name => rooms.TryGetValue(name, out string? room) && room != RoomOf(file.Key))
            .Select(name => new Use(file.Key, RoomOf(file.Key), rooms[name], name)))];
    }

    /// <summary>Returns violations of the table: uses that are not permitted, and rooms that are not listed.</summary>
    public static IReadOnlyList<string> FindViolations(IReadOnlyDictionary<string, string> files) =>
    [
        .. files.Keys
            .Select(RoomOf)
            .Distinct()
            .Where(room => !Arrows.Any(arrow => arrow.From == room || arrow.To == room))
            .Select(room => $"the room {room} has no row in the table"),
        .. FindUses(files)
            .Where(use => !Arrows.Any(arrow => arrow.Allows(use)))
            .Select(use => use.ToString())
            .Distinct(),
    ];

    /// <summary>
    /// Returns the rooms that use each other, directly or indirectly: the strongly connected components of more than
    /// one room (Tarjan's algorithm).
    /// </summary>
    public static IReadOnlyList<string> FindCycles(IEnumerable<Use> uses)
    {
        ILookup<string, string> next = uses.Select(use => (use.From, use.To))
            .Distinct()
            .ToLookup(arrow => arrow.From, arrow => arrow.To);
        Dictionary<string, int> numbers = [];
        Dictionary<string, int> lowest = [];
        Stack<string> path = [];
        List<string> cycles = [];
        foreach (string room in next.Select(rooms => rooms.Key).Where(room => !numbers.ContainsKey(room)))
        {
            Visit(room);
        }

        return cycles;

        void Visit(string room)
        {
            numbers[room] = lowest[room] = numbers.Count;
            path.Push(room);
            foreach (string to in next[room])
            {
                if (!numbers.TryGetValue(to, out int number))
                {
                    Visit(to);
                    lowest[room] = Math.Min(lowest[room], lowest[to]);
                }
                else if (path.Contains(to))
                {
                    lowest[room] = Math.Min(lowest[room], number);
                }
            }

            if (lowest[room] != numbers[room])
            {
                return;
            }

            List<string> component = [];
            do
            {
                component.Add(path.Pop());
            }
            while (component[^1] != room);

            if (component.Count > 1)
            {
                cycles.Add(string.Join(", ", component.Order(StringComparer.Ordinal)) + " use each other");
            }
        }
    }

    // Only top-level types: nested ones are accessed through the name of the outer type.
    private static IEnumerable<string> DeclaredTypes(string code)
    {
        int depth = 0;
        int last = 0;
        foreach (Match declaration in Declaration().Matches(code))
        {
            depth += code.AsSpan(last..declaration.Index).Count('{') - code.AsSpan(last..declaration.Index).Count('}');
            last = declaration.Index;
            if (depth == 0)
            {
                yield return declaration.Groups[1].Value;
            }
        }
    }

    // A name after a dot is a member, except after a namespace. A property of the file hides a type of the same name.
    private static HashSet<string> UsedNames(string code)
    {
        HashSet<string> used = [];
        string[] properties = [.. Property()
            .Matches(code)
            .Where(match => match.Groups[1].Value != match.Groups[2].Value)
            .Select(match => match.Groups[2].Value)];
        string previous = "";
        int end = 0;
        foreach (Match name in Name().Matches(code))
        {
            bool isMember = code.AsSpan(end..name.Index).TrimEnd().EndsWith('.');
            if ((!isMember && !properties.Contains(name.Value)) || previous == "Vfio")
            {
                used.Add(name.Value);
            }

            previous = name.Value;
            end = name.Index + name.Length;
        }

        return used;
    }

    [GeneratedRegex(
        @"\b(?:class|interface|enum|delegate\s+\w+|struct|record(?:\s+(?:struct|class))?)"
        + @"\s+([A-Za-z_]\w*)(?=\s*[<({:;\n]|\s*$)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b([A-Za-z_]\w*)\??\s+([A-Za-z_]\w*)\s*\{\s*get\b")]
    private static partial Regex Property();

    [GeneratedRegex(@"\b[A-Za-z_]\w*")]
    private static partial Regex Name();

    internal sealed record Arrow(string From, string To, params string[] Only)
    {
        public bool Allows(Use use) =>
            use.From == From && use.To == To && (Only.Length == 0 || Only.Contains(use.Type));
    }

    internal sealed record Use(string File, string From, string To, string Type)
    {
        public override string ToString() => $"{File}: {From} uses {To}'s {Type}";
    }
}
