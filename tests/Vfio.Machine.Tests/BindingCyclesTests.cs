using System.Text.RegularExpressions;

namespace Vfio.Machine.Tests;

/// <summary>
/// Binds a card and releases it several times: nothing changes permanently, and nothing is left. benchmarks/binding
/// does this a thousand times, and measures.
/// </summary>
public sealed partial class BindingCyclesTests : HostTest
{
    private static readonly int Cycles = Machine.IsSoak ? 20 : 5;

    [Fact]
    public void Cycles_change_nothing_leave_nothing_and_the_kernel_warns_of_nothing()
    {
        // The first bind loads vfio-pci and creates the kernel's nodes.
        Cycle();
        string attributes = Attributes();
        int processes = CountProcesses();
        string[] warnings = Warnings();
        for (int i = 0; i < Cycles; i++)
        {
            Cycle();
            AssertHostUntouched();
        }

        Assert.Equal(attributes, Attributes());
        // The kernel's log forgets its oldest lines.
        Assert.Empty(Warnings().Except(warnings));
        Assert.True(
            Machine.Becomes(() => CountProcesses() <= processes),
            $"{processes} processes before, {CountProcesses()} now");
        Assert.Equal("lock\n", Machine.Do("ls -A /run/vfio"));
    }

    private static void Cycle()
    {
        Machine.Vfio("bind", Machine.Nic).Succeeded();
        Assert.Equal("vfio-pci", Machine.Device(Machine.Nic).Driver);
        Machine.Vfio("release", Machine.Nic).Succeeded();
    }

    // Everything in the device's folder, except what counts time and events, or changes when it is read.
    private static string Attributes()
    {
        string folder = $"/sys/bus/pci/devices/{Machine.Nic}";
        IEnumerable<string> own = Directory.EnumerateFiles(folder)
            .Where(path => File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserRead))
            .Where(path => !LivingAttribute().IsMatch(Path.GetFileName(path)));
        IEnumerable<string> interfaces = Directory.EnumerateDirectories($"{folder}/net")
            .SelectMany(card => ((string[])["address", "mtu", "flags"]).Select(name => $"{card}/{name}"));
        string[] paths = [.. own, .. interfaces, $"{folder}/power/control", $"{folder}/power/wakeup"];
        return string.Join('\n', paths.Order(StringComparer.Ordinal).Select(path => $"{path} {Bytes(path)}"));
    }

    private static string Bytes(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            byte[] bytes = new byte[4096];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return Convert.ToHexString(bytes.AsSpan(0, length));
        }
        catch (IOException e)
        {
            return e.GetType().Name;
        }
    }

    [GeneratedRegex("^(uevent|rom|resource[0-9].*|aer_.*)$")]
    private static partial Regex LivingAttribute();

    private static int CountProcesses() => Directory.EnumerateDirectories("/proc")
        .Count(path => int.TryParse(Path.GetFileName(path), out int id) && File.Exists($"/proc/{id}/exe"));

    // On a busy host an emulated clock runs unevenly, and the kernel reports that.
    private static string[] Warnings() => Machine.Do("dmesg --level=emerg,alert,crit,err,warn | grep -v -i -E "
        + "'clocksource|TSC' || true; dmesg | grep -i -E 'spurious|nobody cared|leak' || true; grep -E '^ "
        + "*(ERR|MIS|SPU):' /proc/interrupts || true")
        .Split('\n');
}
