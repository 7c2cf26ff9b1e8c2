using System.Diagnostics;

namespace Vfio.Conformance.Tests;

/// <summary>Plugs devices into the machine's empty port, and unplugs them.</summary>
internal static class Hotplug
{
    /// <summary>The address of the first function there.</summary>
    public const string Address = "0000:02:00.0";

    private const string Devices = "/sys/bus/pci/devices";
    private const string Slot = "0000:02:00";
    private const string Port = "bus=hotplug0";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Plugs a function in. QEMU frees the slot of an unplugged device later than the kernel does, so this repeats the
    /// command until QEMU accepts it.
    /// </summary>
    public static void Add(params string[] arguments)
    {
        Stopwatch time = Stopwatch.StartNew();
        while (!Ask(["device_add", .. arguments, Port], out string answer))
        {
            Assert.True(time.Elapsed < Patience, $"QEMU does not plug {string.Join(' ', arguments)}: {answer}");
            Thread.Sleep(Retry);
        }
    }

    /// <summary>Unplugs the device in the port; <paramref name="id"/> is QEMU's ID of its first function.</summary>
    public static void Remove(string id)
    {
        if (Directory.Exists($"{Devices}/{Address}"))
        {
            Assert.True(Ask(["device_del", $"id={id}"], out string answer), answer);
            Wait(() => !Directory.EnumerateFileSystemEntries(Devices, $"{Slot}.*").Any(), $"{id} was not pulled");
        }
    }

    /// <summary>Waits for a function's files. With an IOMMU, its group comes a moment after the others.</summary>
    public static void WaitFor(string address)
    {
        string last = $"{Devices}/{address}/{(HostState.HasIommu() ? "iommu_group" : "driver_override")}";
        Wait(() => Path.Exists(last), $"{address} did not appear");
    }

    public static void Wait(Func<bool> condition, string failure)
    {
        // Sleeps in between, because the machine has one processor.
        for (Stopwatch time = Stopwatch.StartNew(); !condition(); Thread.Sleep(10))
        {
            Assert.True(time.Elapsed < Patience, failure);
        }
    }

    private static bool Ask(string[] command, out string answer)
    {
        string qmp = Environment.GetEnvironmentVariable("VFIO_QMP")
            ?? throw new InvalidOperationException(
                "VFIO_QMP is not set: test.sh starts these tests, inside the machine");
        ProcessStartInfo start = new(qmp, command) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> result = process.StandardOutput.ReadToEndAsync();
        answer = process.StandardError.ReadToEnd() + result.Result;
        Assert.True(process.WaitForExit(Patience));
        return process.ExitCode == 0;
    }
}
