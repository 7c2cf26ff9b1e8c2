using System.Text;
using System.Text.Json;
using Vfio.Pci;
using static Vfio.Host.StateFields;

namespace Vfio.Host;

/// <summary>
/// The file of persistent devices as JSON. Reading trusts nothing. Files of all earlier versions can be read:
/// <list type="bullet">
/// <item>1: each device as the journal of that time wrote it.</item>
/// <item>2: each device with only the fields that hold beyond one boot.</item>
/// </list>
/// </summary>
internal static class PersistentFormat
{
    private const int Version = 2;
    private const int VersionOfJournal = 1;
    private const int MaxDevices = 1024;

    /// <summary>
    /// Gets the folders that the files may need, outermost first. A file that names any other folder is invalid.
    /// </summary>
    public static IReadOnlyList<string> Folders { get; } =
    [
        "etc/vfio",
        "etc/udev",
        "etc/udev/rules.d",
        "etc/systemd",
        "etc/systemd/system",
        "etc/systemd/system/sysinit.target.wants",
    ];

    public static byte[] Write(PersistentState state) => ToFile(
        new PersistentDocument
        {
            Version = Version,
            Program = state.Program,
            CreatedFolders = [.. state.CreatedFolders],
            Devices = [.. state.Devices.Select(Describe)],
        },
        StateJson.Default.PersistentDocument);

    private static PersistentDeviceDocument Describe(PersistentDevice device) => new()
    {
        Address = device.Address.ToString(),
        VendorId = WriteId(device.VendorId),
        DeviceId = WriteId(device.DeviceId),
        Driver = device.Driver,
        DriverBefore = device.OriginalDriver,
        ModuleBefore = device.OriginalModule,
        OverrideBefore = device.PreviousOverride,
        FunctionsBefore = device.PreviousFunctionCount,
        Interfaces = WriteInterfaces(device.Interfaces),
        Disks = WriteNames(device.Disks),
        OtherNames = WriteNames(device.OtherNames),
        User = device.User,
        TakenAt = WriteTime(device.BoundAt),
        TakenBy = device.BoundBy.Length == 0 ? null : device.BoundBy,
    };

    /// <summary>Reads the file.</summary>
    /// <param name="text">The whole content.</param>
    /// <param name="state">The content; <see langword="null"/> if it is corrupt.</param>
    /// <returns>Why it is corrupt; <see langword="null"/> if it is valid.</returns>
    public static string? Read(ReadOnlyMemory<byte> text, out PersistentState? state)
    {
        state = null;
        try
        {
            if (Parse(
                text, StateJson.Default.PersistentDocument, out string? damage) is not PersistentDocument document)
            {
                return damage;
            }

            using JsonDocument whole = JsonDocument.Parse(text);
            return Read(
                document,
                whole.RootElement.TryGetProperty("devices", out JsonElement devices) ? devices : default,
                out state);
        }
        catch (StateCorruption damage)
        {
            return damage.Message;
        }
    }

    private static string? Read(PersistentDocument document, JsonElement list, out PersistentState? state)
    {
        state = null;
        long version = document.Version;
        if (version is < VersionOfJournal or > Version)
        {
            return $"another version of vfio wrote it (format {version}; this one supports up to {Version})";
        }

        string program = document.Program ?? "";
        string[] folders = [.. (document.CreatedFolders ?? []).Take(Folders.Count + 1).Select(folder => folder ?? "")];
        if (!InstalledProgram.IsPlain(program)
            || !folders.All(Folders.Contains)
            || list.ValueKind != JsonValueKind.Array
            || list.GetArrayLength() > MaxDevices)
        {
            return "its program, its folders or its list of devices is invalid";
        }

        List<PersistentDevice> devices = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object
                || !item.TryGetProperty("address", out JsonElement text)
                || text.ValueKind != JsonValueKind.String
                || !PciAddress.TryParse(text.GetString(), out PciAddress address)
                || devices.Exists(other => other.Address == address))
            {
                return "one of its devices has no address, or is listed twice";
            }

            PersistentDevice device = version == VersionOfJournal
                ? ReadEntry(address, item)
                : ReadDevice(address, item);
            if (!UdevRules.IsPlain(device.Driver))
            {
                return $"{address}: the name of its driver is invalid";
            }

            devices.Add(device);
        }

        state = new PersistentState(program, folders, [.. devices.OrderBy(entry => entry.Address)]);
        return null;
    }

    private static PersistentDevice ReadEntry(PciAddress address, JsonElement item)
    {
        JournalEntry entry = JournalFormat.Read(address, item);
        return entry.ParseError is null
            ? PersistentDevice.Of(entry)
            : throw new StateCorruption($"{address}: {entry.ParseError}");
    }

    private static PersistentDevice ReadDevice(PciAddress address, JsonElement item)
    {
        PersistentDeviceDocument device = Parse(
            Encoding.UTF8.GetBytes(item.GetRawText()), StateJson.Default.PersistentDeviceDocument, out string? damage)
            ?? throw new StateCorruption($"{address}: {damage}");
        return new PersistentDevice
        {
            Address = address,
            VendorId = ReadId(device.VendorId, "vendorId"),
            DeviceId = ReadId(device.DeviceId, "deviceId"),
            Driver = ReadName(device.Driver, "driver") ?? throw new StateCorruption($"{address}: it names no driver"),
            OriginalDriver = ReadName(device.DriverBefore, "driverBefore"),
            OriginalModule = ReadName(device.ModuleBefore, "moduleBefore"),
            PreviousOverride = ReadName(device.OverrideBefore, "overrideBefore"),
            PreviousFunctionCount = ReadNumber<ushort>(device.FunctionsBefore),
            Interfaces = ReadInterfaces(device.Interfaces),
            Disks = ReadNames(device.Disks, "disks"),
            OtherNames = ReadNames(device.OtherNames, "otherNames"),
            User = ReadText(device.User, "user"),
            BoundAt = ReadTime(device.TakenAt),
            BoundBy = ReadText(device.TakenBy, "takenBy") ?? "",
        };
    }
}
