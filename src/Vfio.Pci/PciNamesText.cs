using System.Globalization;
using System.Text;

namespace Vfio.Pci;

/// <summary>The text of a <c>pci.ids</c> file, searched in place.</summary>
/// <remarks>
/// <para>The format, as the head of the file itself explains it:</para>
/// <code>
/// 8086  Intel Corporation
/// (tab)10d3  82574L Gigabit Network Connection
/// (tab)(tab)103c 1785  NC112i 1-port Ethernet Server Adapter
/// C 01  Mass storage controller
/// (tab)08  Non-Volatile memory controller
/// (tab)(tab)02  NVM Express
/// </code>
/// <para>
/// Only the positions of lines are indexed: those of vendors and classes immediately, those of devices when a vendor is
/// first looked up. Making strings of all 36,000 lines would cost more than the whole listing that needs a few of them.
/// </para>
/// <para>Not thread-safe: a lookup may extend the index.</para>
/// </remarks>
internal sealed class PciNamesText
{
    // pciutils rejects a file with a longer line (names-parse.c, MAX_LINE); here only that line is ignored.
    private const int MaxLine = 1024;

    private readonly byte[] _text;
    private readonly PciNamesIndex _vendors = new();
    private readonly Dictionary<int, PciNamesIndex> _devices = []; // by the position of the vendor's line
    private readonly int[] _classes = new int[0x100];              // positions plus one; 0 for none

    /// <summary>Finds the vendors and classes in a text.</summary>
    /// <param name="text">Any bytes; the array is used, not copied.</param>
    internal PciNamesText(byte[] text)
    {
        _text = text;
        int next;
        for (int place = text.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0; place < text.Length; place = next)
        {
            ReadOnlySpan<byte> line = Line(place, out next);
            if (TryId(line, depth: 0, digits: 4, out uint vendor))
            {
                _vendors.Add((ushort)vendor, place);
            }
            else if (line is [(byte)'C', (byte)' ', ..]
                && TryId(line, depth: 2, digits: 2, out uint baseClass)
                && _classes[baseClass] == 0)
            {
                _classes[baseClass] = place + 1;
            }
        }
    }

    /// <summary>Gets whether the text names any vendor. If not, it is not a <c>pci.ids</c> file.</summary>
    internal bool HasVendors => !_vendors.IsEmpty;

    internal string? Vendor(ushort vendor) => Name(_vendors.Find(vendor), prefix: "8086".Length);

    internal string? Device(ushort vendor, ushort device) => Name(FindDevice(vendor, device), prefix: "\t10d3".Length);

    internal string? Subsystem(ushort vendor, ushort device, ushort subsystemVendor, ushort subsystem)
    {
        uint id = ((uint)subsystemVendor << 16) | subsystem;
        return Name(FindChild(FindDevice(vendor, device), depth: 2, digits: 8, id), prefix: "\t\t103c 1785".Length);
    }

    internal string? BaseClass(byte baseClass) => Name(_classes[baseClass] - 1, prefix: "C 01".Length);

    internal string? Subclass(byte baseClass, byte subclass) =>
        Name(FindSubclass(baseClass, subclass), prefix: "\t08".Length);

    internal string? ProgrammingInterface(byte baseClass, byte subclass, byte programmingInterface) =>
        Name(
            FindChild(FindSubclass(baseClass, subclass), depth: 2, digits: 2, programmingInterface),
            prefix: "\t\t02".Length);

    private int FindSubclass(byte baseClass, byte subclass) =>
        FindChild(_classes[baseClass] - 1, depth: 1, digits: 2, subclass);

    private int FindDevice(ushort vendor, ushort device)
    {
        int place = _vendors.Find(vendor);
        if (place < 0)
        {
            return -1;
        }

        if (!_devices.TryGetValue(place, out PciNamesIndex? index))
        {
            _devices.Add(place, index = IndexDevices(place));
        }

        return index.Find(device);
    }

    private PciNamesIndex IndexDevices(int vendorPlace)
    {
        PciNamesIndex index = new();
        Line(vendorPlace, out int place);
        while (place < _text.Length)
        {
            ReadOnlySpan<byte> line = Line(place, out int next);
            int depth = Depth(line);
            if (depth == 0)
            {
                break;
            }

            if (depth == 1 && TryId(line, depth, digits: 4, out uint device))
            {
                index.Add((ushort)device, place);
            }

            place = next;
        }

        return index;
    }

    // Finds the position of the line with this ID among those below the parent's, or -1. A line at `depth` is a
    // sibling, a deeper line belongs to a sibling, and a shallower line ends those below the parent.
    private int FindChild(int parentPlace, int depth, int digits, uint id)
    {
        if (parentPlace < 0)
        {
            return -1;
        }

        Line(parentPlace, out int place);
        while (place < _text.Length)
        {
            ReadOnlySpan<byte> line = Line(place, out int next);
            int lineDepth = Depth(line);
            if (lineDepth >= 0 && lineDepth < depth)
            {
                return -1;
            }

            if (lineDepth == depth && TryId(line, depth, digits, out uint lineId) && lineId == id)
            {
                return place;
            }

            place = next;
        }

        return -1;
    }

    private ReadOnlySpan<byte> Line(int place, out int next)
    {
        int length = _text.AsSpan(place).IndexOf((byte)'\n');
        next = length < 0 ? _text.Length : place + length + 1;
        return _text.AsSpan(place, next - place);
    }

    // Counts the tabs at the start of a line; -1 for a blank line or a comment, which is skipped.
    private static int Depth(ReadOnlySpan<byte> line)
    {
        int tabs = 0;
        while (tabs < line.Length && line[tabs] == '\t')
        {
            tabs++;
        }

        return tabs == line.Length || line[tabs] is (byte)'\n' or (byte)'\r' or (byte)' ' or (byte)'#' ? -1 : tabs;
    }

    // Parses the hexadecimal ID after `depth` characters, if white space follows it; 8 digits are written as 4, a
    // space, 4.
    private static bool TryId(ReadOnlySpan<byte> line, int depth, int digits, out uint id)
    {
        id = 0;
        int end = depth + digits + (digits == 8 ? 1 : 0);
        if (line.Length > MaxLine || line.Length <= end || line[end] is not ((byte)' ' or (byte)'\t'))
        {
            return false;
        }

        for (int i = depth; i < end; i++)
        {
            byte c = line[i];
            bool isGap = digits == 8 && i == depth + 4;
            if (isGap ? c != ' ' : !char.IsAsciiHexDigit((char)c))
            {
                return false;
            }

            // The low 4 bits of a letter count from 1 for A, in either case.
            id = isGap ? id : (id << 4) | (uint)((c & 0xf) + (c > '9' ? 9 : 0));
        }

        return true;
    }

    // Gets the text after the ID of a line, safe to print; null if nothing is left of it.
    private string? Name(int place, int prefix)
    {
        if (place < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> name = Line(place, out _)[prefix..];
        while (name is [<= (byte)' ', ..])
        {
            name = name[1..];
        }

        while (name is [.., <= (byte)' '])
        {
            name = name[..^1];
        }

        foreach (byte b in name)
        {
            if (b is < (byte)' ' or > (byte)'~')
            {
                return Clean(name);
            }
        }

        return name.IsEmpty ? null : Encoding.ASCII.GetString(name);
    }

    // Removes control characters, which include escape sequences, and format characters: U+202E would print the rest of
    // a line backwards. Invalid UTF-8 becomes U+FFFD.
    private static string? Clean(ReadOnlySpan<byte> utf8)
    {
        StringBuilder clean = new(utf8.Length);
        foreach (Rune rune in Encoding.UTF8.GetString(utf8).EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
            {
                clean.Append(rune.ToString());
            }
        }

        string name = clean.ToString().Trim();
        return name.Length == 0 ? null : name;
    }
}
