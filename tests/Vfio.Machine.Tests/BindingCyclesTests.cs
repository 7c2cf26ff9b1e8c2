namespace Vfio.Machine.Tests;

/// <summary>
/// Binds a card and releases it several times: nothing drifts, nothing is left. benchmarks/binding does so a thousand times, and
/// measures.
/// </summary>
public sealed class BindingCyclesTests : HostTest
{
    private static readonly int Cycles = Environment.GetEnvironmentVariable("VFIO_SOAK") == "1" ? 20 : 5;

    [Fact]
    public void Cycles_change_nothing_leave_nothing_and_the_kernel_warns_of_nothing()
    {
        // The first loads vfio-pci, and makes the kernel's nodes.
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
        Assert.True(Machine.Becomes(() => CountProcesses() <= processes), $"{processes} processes before, {CountProcesses()} now");
        Assert.Equal("lock\n", Machine.Do("ls -A /run/vfio"));
    }

    private static void Cycle()
    {
        Machine.Vfio("bind", Machine.Nic).Succeeded();
        Assert.Equal("vfio-pci", Machine.Device(Machine.Nic).Driver);
        Machine.Vfio("release", Machine.Nic).Succeeded();
    }

    // Everything that the device's folder says, but for what counts time and events.
    private static string Attributes() => Machine.Do(
        $"cd /sys/bus/pci/devices/{Machine.Nic}; for f in $(find . -maxdepth 1 -type f -perm -400 ! -name uevent ! -name rom ! -name 'resource[0-9]*' ! -name 'aer_*' | sort) net/*/address net/*/mtu net/*/flags power/control power/wakeup;"
        + " do echo \"$f $(od -An -v -tx1 -N 4096 $f 2> /dev/null | tr -d '\\n ')\"; done");

    private static int CountProcesses() => Directory.EnumerateDirectories("/proc").Count(path => int.TryParse(Path.GetFileName(path), out int id) && File.Exists($"/proc/{id}/exe"));

    // An emulated clock on a busy host runs unevenly, and the kernel says so.
    private static string[] Warnings() => Machine.Do("dmesg --level=emerg,alert,crit,err,warn | grep -v -i -E 'clocksource|TSC' || true; dmesg | grep -i -E 'spurious|nobody cared|leak' || true; grep -E '^ *(ERR|MIS|SPU):' /proc/interrupts || true").Split('\n');
}
