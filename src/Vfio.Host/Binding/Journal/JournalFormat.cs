using System.Text;
using System.Text.Json;
using Vfio.Pci;
using static Vfio.Host.StateFields;

namespace Vfio.Host;

/// <summary>
/// A journal entry as JSON. Root writes its values to the kernel, so reading trusts nothing: an entry with any invalid
/// value is corrupt. Entries of all earlier versions can be read:
/// <list type="bullet">
/// <item>1: nodes with their previous owner and group; later files of this version add <c>otherNames</c>.</item>
/// <item>2: nodes with the user's previous access; <c>loadedModules</c>, <c>functionsBefore</c>,
/// <c>enabledFunctions</c>.</item>
/// <item>3: <c>userId</c>, <c>writer</c>.</item>
/// </list>
/// </summary>
internal static class JournalFormat
{
    private const int Version = 3;

    public static byte[] Write(JournalEntry entry) => StateFields.ToFile(
        new JournalDocument
        {
            Version = Version,
            Address = entry.Address.ToString(),
            VendorId = WriteId(entry.VendorId),
            DeviceId = WriteId(entry.DeviceId),
            Driver = entry.IsBound ? entry.Driver : null,
            DriverBefore = entry.OriginalDriver,
            ModuleBefore = entry.OriginalModule,
            OverrideBefore = entry.PreviousOverride,
            LoadedModules = WriteNames(entry.LoadedModules),
            FunctionsBefore = entry.PreviousFunctionCount,
            EnabledFunctions = entry.EnabledFunctions,
            Interfaces = WriteInterfaces(entry.Interfaces),
            Disks = WriteNames(entry.Disks),
            OtherNames = WriteNames(entry.OtherNames),
            User = entry.User,
            UserId = entry.UserId,
            Nodes = [.. entry.Nodes.Select(access => new NodeDocument
            {
                Node = access.Node,
                Before = access.Before,
                UserId = access.OwnerBefore?.User,
                GroupId = access.OwnerBefore?.Group,
            })],
            TakenAt = WriteTime(entry.BoundAt),
            TakenBy = entry.BoundBy.Length == 0 ? null : entry.BoundBy,
            ProcessId = entry.ProcessId,
            Writer = entry.Writer is ProcessIdentity writer
                ? new WriterDocument { ProcessId = writer.Id, StartTime = writer.StartTime }
                : null,
        },
        StateJson.Default.JournalDocument);

    /// <summary>Reads an entry. If it is corrupt, the returned entry has only its address and the reason.</summary>
    public static JournalEntry Read(PciAddress address, ReadOnlyMemory<byte> text)
    {
        try
        {
            return Parse(text, StateJson.Default.JournalDocument, out string? damage) is JournalDocument document
                ? Read(address, document)
                : Corrupt(address, damage);
        }
        catch (StateCorruption damage)
        {
            return Corrupt(address, damage.Message);
        }
    }

    /// <summary>Reads one entry of a file with several.</summary>
    public static JournalEntry Read(PciAddress address, JsonElement item) =>
        Read(address, Encoding.UTF8.GetBytes(item.GetRawText()));

    private static JournalEntry Corrupt(PciAddress address, string? damage) =>
        new() { Address = address, ParseError = damage };

    private static JournalEntry Read(PciAddress address, JournalDocument document)
    {
        long version = document.Version;
        if (version < 1)
        {
            throw new StateCorruption("it has no version");
        }

        if (!PciAddress.TryParse(document.Address, out PciAddress written) || written != address)
        {
            throw new StateCorruption("it is for another device");
        }

        return new JournalEntry
        {
            Address = address,
            // It can be read, but may contain more than this version understands, so it is not acted upon silently.
            ParseError = version > Version
                ? $"a newer vfio wrote it (version {version}; this one knows {Version})"
                : null,
            VendorId = ReadId(document.VendorId, "vendorId"),
            DeviceId = ReadId(document.DeviceId, "deviceId"),
            Driver = ReadName(document.Driver, "driver")
                ?? (document.FunctionsBefore is not null ? "" : throw new StateCorruption("it names no driver")),
            OriginalDriver = ReadName(document.DriverBefore, "driverBefore"),
            OriginalModule = ReadName(document.ModuleBefore, "moduleBefore"),
            PreviousOverride = ReadName(document.OverrideBefore, "overrideBefore"),
            LoadedModules = ReadNames(document.LoadedModules, "loadedModules"),
            PreviousFunctionCount = ReadNumber<ushort>(document.FunctionsBefore),
            EnabledFunctions = document.EnabledFunctions,
            Interfaces = ReadInterfaces(document.Interfaces),
            Disks = ReadNames(document.Disks, "disks"),
            OtherNames = ReadNames(document.OtherNames, "otherNames"),
            User = ReadText(document.User, "user"),
            UserId = ReadNumber<uint>(document.UserId),
            Nodes = ReadList(document.Nodes, "nodes", ReadNode),
            BoundAt = ReadTime(document.TakenAt),
            BoundBy = ReadText(document.TakenBy, "takenBy") ?? "",
            ProcessId = ReadNumber<int>(document.ProcessId) ?? 0,
            Writer = document.Writer is WriterDocument writer
                ? new ProcessIdentity(ReadNumber<int>(writer.ProcessId) ?? 0, writer.StartTime)
                : null,
        };
    }

    private static NodeAccess ReadNode(NodeDocument item)
    {
        string node = item.Node ?? "";
        bool isVfioNode = node == "iommu"
            || (node.StartsWith("vfio/", StringComparison.Ordinal) && node.Split('/').Skip(1).All(IsName));
        (uint, uint)? owner = (ReadNumber<uint>(item.UserId), ReadNumber<uint>(item.GroupId)) switch
        {
            (null, _) => null,
            (uint user, uint group) => (user, group),
            _ => throw new StateCorruption("one of its nodes has a user but no group"),
        };
        return isVfioNode && item.Before is null or (>= 0 and <= 7)
            ? new NodeAccess(node, (int?)item.Before) { OwnerBefore = owner }
            : throw new StateCorruption("one of its nodes is not a VFIO device node, or has an invalid access");
    }
}
