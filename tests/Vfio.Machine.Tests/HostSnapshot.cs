using System.Text;

namespace Vfio.Machine.Tests;

/// <summary>
/// Everything that taking and handing back a device may change: for each device its driver and override; each VFIO node with
/// owner and mode; each interface with name, address and flags; each disk; the journal.
/// </summary>
internal static class HostSnapshot
{
    public static string Take()
    {
        StringBuilder text = new();
        foreach (PciDeviceInfo device in new PciBus().Devices())
        {
            text.AppendLine($"{device} override {device.ReadDriverOverride() ?? "none"}");
        }

        foreach (string name in Names("/sys/class/net"))
        {
            text.AppendLine($"{name} {Read($"/sys/class/net/{name}/address")} flags {Read($"/sys/class/net/{name}/flags")}");
        }

        text.AppendJoin('\n', Names("/sys/class/block"));
        text.AppendLine();

        // /dev/vfio/vfio appears with the first module and stays; groups' and devices' nodes come and go with bindings.
        text.Append(Machine.Shell("cd /dev/vfio 2>/dev/null && find . -type c ! -name vfio -printf '%p %u:%g %m\\n' | sort; true").Output);
        text.Append(Machine.Shell("ls /run/vfio 2>/dev/null | grep -v '^lock$'; true").Output);
        return text.ToString();
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private static string Read(string path) => File.ReadAllText(path).TrimEnd();
}

/// <summary>A test that leaves the host as it found it, and checks that it did.</summary>
public abstract class HostTest : IDisposable
{
    private readonly string _before = HostSnapshot.Take();

    internal string Before => _before;

    internal void AssertHostUntouched() => Assert.Equal(_before, HostSnapshot.Take());

    public virtual void Dispose()
    {
        // A test that failed in the middle must not fail the next ones too.
        Machine.Vfio("release", "--all");
        Directory.CreateDirectory("/run/vfio");
        foreach (string file in Directory.EnumerateFiles("/run/vfio", "*.json*"))
        {
            Machine.Vfio("release", "--force", Path.GetFileName(file).Split(".json")[0]);
            File.Delete(file);
        }

        GC.SuppressFinalize(this);
    }
}
