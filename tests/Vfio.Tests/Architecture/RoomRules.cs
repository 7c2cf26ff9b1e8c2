using System.Text.RegularExpressions;

namespace Vfio.Tests;

/// <summary>
/// The rooms of src/Vfio, which are its folders, and the arrows between them: who may use whose types. This table is the rule;
/// a folder without a row, an arrow without a row and a cycle that is not listed are all errors.
/// </summary>
internal static partial class RoomRules
{
    /// <summary>The root folder's types that mean something without a device: every room may use them.</summary>
    public const string Values = "(values)";

    /// <summary>The root folder's other types: what a user meets first. No room may use them.</summary>
    public const string Front = "(front)";

    public static readonly IReadOnlyList<string> ValueFiles = ["IrqIndex.cs", "Deadline.cs", "VfioException.cs", "Iova.cs", "IovaRange.cs", "DmaAccess.cs", "Disposal.cs", "DeviceFeature.cs", "FeatureSupport.cs", "AtomicCompletions.cs", "PciPowerState.cs"];

    /// <summary>From a room to a room; where types are named, to those alone.</summary>
    public static readonly IReadOnlyList<Arrow> Arrows =
    [
        new(Values, "Interop", "ErrnoNames"), // an exception says the errno's name
        new("Interop", Values, "VfioException"),
        new("Sysfs", Values),
        new("Sysfs", "Interop"),
        new("Regions", Values),
        new("Regions", "Interop"),
        new("Regions", "Backends", "IDeviceBackend"), // the seam
        new("Dma", Values),
        new("Dma", "Interop"),
        new("Dma", "Backends", "IAddressSpaceBackend", "AddressSpaceInfo", "IDeviceBackend", "MapErrors"), // the other seam, and its errors
        new("Dma", "Regions", "Region", "Mmio"), // a device's memory for others; single loads and stores
        new("Interrupts", Values),
        new("Interrupts", "Interop"),
        new("Interrupts", "Sysfs"), // the host's side of a vector: its number and its processors
        new("Interrupts", "Backends", "IDeviceBackend", "IrqAction"), // the seam
        new("Life", Values),
        new("Life", "Interop", "Errno", "EventFd", "EventWait"), // reasons; the counters that a device and its program signal each other with
        new("Life", "Regions", "RegionInfo"),
        new("Life", "Sysfs"), // whose a device is that a bus reset hits; reset_method
        new("Life", "Backends", "IDeviceBackend", "HotResetInfo", "HotResetEntry"), // the seam
        new("Migration", Values),
        new("Migration", "Interop", "Errno"),
        new("Migration", "Dma", "DmaMapping"), // what a record of writes is asked about
        new("Migration", "Backends", "IDeviceBackend", "IMigrationData"), // the seam
        new("Backends", Values),
        new("Backends", "Migration", "PreCopyInfo"), // what crosses the seam
        new("Backends", "Interrupts", "IrqInfo"), // what crosses the seam
        new("Backends", "Sysfs", "IHostDevice"), // what a backend of the kernel's is asked to open
        new("Backends", "Interop"),
        new("Backends", "Regions", "RegionInfo", "RegionType", "MappableArea", "MappedMemory"), // what crosses the seam
        new("Backends/Type1", Values),
        new("Backends/Type1", "Interop"),
        new("Backends/Type1", "Sysfs"), // groups, and hints that name who blocks or holds
        new("Backends/Type1", "Backends"),
        new("Backends/Iommufd", Values),
        new("Backends/Iommufd", "Interop"),
        new("Backends/Iommufd", "Sysfs"),
        new("Backends/Iommufd", "Backends"),
        new("Broker", Values),
        new("Broker", "Interop"), // descriptors over a socket
        new(Front, Values),
        new(Front, "Dma"),
        new(Front, "Interop", "SystemCalls", "Errno"), // the calls by which a device is opened; whether another way is worth trying
        new(Front, "Regions"),
        new(Front, "Interrupts"),
        new(Front, "Life"),
        new(Front, "Migration"),
        new(Front, "Broker", "BrokerClient", "BrokerRequest", "BrokerGrant", "BrokerBackend", "BrokerProtocol"), // OpenThroughBroker asks as any client does
        new(Front, "Sysfs"),
        new(Front, "Backends"),
        new(Front, "Backends/Type1"),
        new(Front, "Backends/Iommufd"),
    ];

    /// <summary>Rooms that use each other, and why that is no knot.</summary>
    public static readonly IReadOnlyList<string[]> KnownCycles =
    [
        [Values, "Interop"], // the exception and the names of what it reports
        ["Backends", "Interrupts"], // likewise
        ["Backends", "Migration"], // likewise
        ["Backends", "Regions"], // the seam: an interface on one side, the values that cross it on the other
    ];

    /// <summary>The rooms that may compile unsafe code.</summary>
    public static readonly IReadOnlyList<string> UnsafeRooms = ["Regions", "Interop", "Dma"];

    public static string RoomOf(string relativePath) => Path.GetDirectoryName(relativePath) switch
    {
        "" or null => ValueFiles.Contains(relativePath) ? Values : Front,
        "Interop/Uapi" => "Interop",
        string folder => folder,
    };

    /// <summary>Every use of another room's type, in files given as path and text.</summary>
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

    /// <summary>What breaks the table: uses without an arrow, and rooms without a row.</summary>
    public static IReadOnlyList<string> FindViolations(IReadOnlyDictionary<string, string> files) =>
    [
        .. files.Keys.Select(RoomOf).Distinct().Where(room => !Arrows.Any(arrow => arrow.From == room)).Select(room => $"the room {room} has no row in the table"),
        .. FindUses(files).Where(use => !Arrows.Any(arrow => arrow.Allows(use))).Select(use => use.ToString()).Distinct(),
    ];

    /// <summary>Rooms that reach themselves again, other than by the known pairs.</summary>
    public static IReadOnlyList<string> FindCycles(IEnumerable<Use> uses)
    {
        (string From, string To)[] arrows = [.. uses.Select(use => (use.From, use.To)).Distinct()
            .Where(arrow => !KnownCycles.Any(pair => pair.Contains(arrow.From) && pair.Contains(arrow.To)))];
        List<string> cycles = [];
        foreach (string room in arrows.Select(arrow => arrow.From).Distinct())
        {
            HashSet<string> reached = [];
            Stack<string> open = new([room]);
            while (open.TryPop(out string? from))
            {
                foreach ((_, string to) in arrows.Where(arrow => arrow.From == from && reached.Add(arrow.To)))
                {
                    open.Push(to);
                }
            }

            if (reached.Contains(room))
            {
                cycles.Add($"{room} uses itself by way of {string.Join(", ", reached.Order(StringComparer.Ordinal))}");
            }
        }

        return cycles;
    }

    // Types of the file's own level: nested ones are reached by the outer one's name.
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

    // A name after a dot is a member, unless a namespace stands before the dot. A property of the file hides a type of its name.
    private static HashSet<string> UsedNames(string code)
    {
        HashSet<string> used = [];
        string[] properties = [.. Property().Matches(code).Where(match => match.Groups[1].Value != match.Groups[2].Value).Select(match => match.Groups[2].Value)];
        string previous = "";
        int end = 0;
        foreach (Match name in Name().Matches(code))
        {
            bool isMember = code.AsSpan(end..name.Index).TrimEnd().EndsWith('.');
            if ((!isMember && !properties.Contains(name.Value)) || NamespaceParts.Contains(previous))
            {
                used.Add(name.Value);
            }

            previous = name.Value;
            end = name.Index + name.Length;
        }

        return used;
    }

    private static readonly HashSet<string> NamespaceParts =
        ["Vfio", "Interop", "Uapi", "Sysfs", "Regions", "Backends", "Type1", "Iommufd", "Dma", "Interrupts", "Life", "Migration", "Broker"];

    [GeneratedRegex(@"\b(?:class|interface|enum|delegate\s+\w+|struct|record(?:\s+(?:struct|class))?)\s+([A-Za-z_]\w*)(?=\s*[<({:;\n]|\s*$)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b([A-Za-z_]\w*)\??\s+([A-Za-z_]\w*)\s*\{\s*get\b")]
    private static partial Regex Property();

    [GeneratedRegex(@"\b[A-Za-z_]\w*")]
    private static partial Regex Name();

    internal sealed record Arrow(string From, string To, params string[] Only)
    {
        public bool Allows(Use use) => use.From == From && use.To == To && (Only.Length == 0 || Only.Contains(use.Type));
    }

    internal sealed record Use(string File, string From, string To, string Type)
    {
        public override string ToString() => $"{File}: {From} uses {To}'s {Type}";
    }
}
