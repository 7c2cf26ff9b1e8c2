using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Vfio.Machine.Tests;

/// <summary>
/// Represents everything that binding and releasing a device may change: the driver and override of each device; owner
/// and mode of each VFIO node; name, address and flags of each interface; each disk; the journal. It is read without
/// starting a process, which would be much slower under software emulation: the fault tests take hundreds of snapshots.
/// </summary>
internal static class HostSnapshot
{
    private const string Journal = "/run/vfio";

    // The kernel's "struct statx" (linux/stat.h): the offsets of the owner, the group and the mode.
    private const int StatxBytes = 256;
    private const int OwnerOffset = 20;
    private const int GroupOffset = 24;
    private const int ModeOffset = 28;
    private const uint BasicStatistics = 0x7ff;
    private const int NoFollow = 0x100;
    private const int TypeMask = 0xf000;
    private const int CharacterDevice = 0x2000;

    /// <summary>
    /// Gets whether a device is bound, or was left half bound: the journal contains something besides its lock.
    /// </summary>
    public static bool HasJournalEntries => JournalFiles().Any();

    public static string Take()
    {
        StringBuilder text = new();
        foreach (PciDeviceInfo device in new PciBus().GetDevices())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{device} override {device.GetDriverOverride() ?? "none"}");
        }

        foreach (string name in Names("/sys/class/net"))
        {
            string folder = $"/sys/class/net/{name}";
            string address = Read($"{folder}/address");
            text.AppendLine(CultureInfo.InvariantCulture, $"{name} {address} flags {Read($"{folder}/flags")}");
        }

        text.AppendJoin('\n', Names("/sys/class/block")).AppendLine();
        text.AppendJoin('\n', Nodes()).AppendLine();
        text.AppendJoin('\n', JournalFiles());
        return text.ToString();
    }

    // /dev/vfio/vfio appears with the first module and stays; the nodes of groups and devices appear and disappear with
    // bindings.
    private static IEnumerable<string> Nodes() =>
        (Directory.Exists("/dev/vfio") ? Directory.EnumerateFiles("/dev/vfio", "*", SearchOption.AllDirectories) : [])
        .Where(path => Path.GetFileName(path) != "vfio")
        .Order(StringComparer.Ordinal)
        .Select(Describe)
        .OfType<string>();

    private static string? Describe(string path)
    {
        byte[] status = new byte[StatxBytes];
        if (statx(0, path, NoFollow, BasicStatistics, status) != 0)
        {
            return $"{path} errno {Marshal.GetLastPInvokeError()}";
        }

        int mode = BinaryPrimitives.ReadUInt16LittleEndian(status.AsSpan(ModeOffset));
        uint owner = BinaryPrimitives.ReadUInt32LittleEndian(status.AsSpan(OwnerOffset));
        uint group = BinaryPrimitives.ReadUInt32LittleEndian(status.AsSpan(GroupOffset));
        return (mode & TypeMask) == CharacterDevice
            ? $"{path} {owner}:{group} {Convert.ToString(mode & ~TypeMask, 8)}"
            : null;
    }

    private static IEnumerable<string> JournalFiles() =>
        Directory.Exists(Journal) ? Names(Journal).Where(name => name != "lock") : [];

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFileSystemEntries(folder)
            .Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal);

    // A file that disappears while it is read is a difference as well; a test that waits for a state takes another
    // snapshot.
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd();
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int statx(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] status);
}

/// <summary>Represents a test that leaves the host unchanged, and checks that.</summary>
public abstract class HostTest : IDisposable
{
    private readonly string _before = HostSnapshot.Take();

    internal string Before => _before;

    internal void AssertHostUntouched() => Assert.Equal(_before, HostSnapshot.Take());

    public virtual void Dispose()
    {
        // A test that failed in the middle must not fail the next ones too.
        if (HostSnapshot.HasJournalEntries || HostSnapshot.Take() != _before)
        {
            Machine.Vfio("release", "--all");
            Directory.CreateDirectory("/run/vfio");
            foreach (string file in Directory.EnumerateFiles("/run/vfio", "*.json*"))
            {
                Machine.Vfio("release", "--force", Path.GetFileName(file).Split(".json")[0]);
                File.Delete(file);
            }
        }

        GC.SuppressFinalize(this);
    }
}
