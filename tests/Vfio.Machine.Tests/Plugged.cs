namespace Vfio.Machine.Tests;

/// <summary>Represents a device that QEMU plugs into the machine's empty root port, and unplugs again.</summary>
internal sealed class Plugged : IDisposable
{
    public const string Address = "0000:02:00.0";
    private const string Id = "plugged-by-test";
    private static readonly TimeSpan RequestInterval = TimeSpan.FromSeconds(3);
    private static readonly int Requests = (int)(Machine.Patience / RequestInterval);

    /// <param name="driver">QEMU's name of the device.</param>
    /// <param name="properties">Further properties for QEMU: <c>aer=true</c>.</param>
    public Plugged(string driver, params string[] properties)
    {
        Ask(["device_add", $"driver={driver}", $"id={Id}", "bus=hotplug0", .. properties]);
        Assert.True(
            Machine.Becomes(() => File.Exists($"/sys/bus/pci/devices/{Address}/driver_override")),
            $"{Address} did not appear");
    }

    public static bool IsThere => Directory.Exists($"/sys/bus/pci/devices/{Address}");

    /// <summary>Injects an error of PCI Express, as <c>pcie_aer_inject_error</c> of QEMU's monitor does.</summary>
    public static void InjectError(string error) => Ask("hmp", "pcie_aer_inject_error", Id, error, "0", "1", "2", "3");

    /// <summary>Requests the unplug; returns immediately.</summary>
    public static void Pull() => Ask("device_del", $"id={Id}");

    /// <summary>
    /// Waits until the device is removed. It repeats the request now and then, because a request that the kernel is not
    /// ready for is lost.
    /// </summary>
    public static void WaitUntilGone()
    {
        for (int i = 0; i < Requests && !Machine.Becomes(() => !IsThere, RequestInterval); i++)
        {
            // fails if the first is still in progress, which does not matter
            _ = Machine.Run(Machine.Qmp, "device_del", $"id={Id}");
        }

        Assert.False(IsThere, $"{Address} did not go\n{Machine.Do("dmesg | tail -n 20")}");
    }

    public void Dispose()
    {
        if (IsThere)
        {
            _ = Machine.Run(Machine.Qmp, "device_del", $"id={Id}");
            WaitUntilGone();
        }

        // QEMU frees the name a moment after the guest has released the device.
        Assert.True(Machine.Becomes(HasLetGo), $"QEMU still has {Id}");
    }

    private static bool HasLetGo() =>
        Machine.Run(Machine.Qmp, "qom-list", "path=/machine/peripheral") is { ExitCode: 0 } devices
        && !devices.Output.Contains($"\"{Id}\"", StringComparison.Ordinal);

    private static void Ask(params string[] arguments) => Machine.Run(Machine.Qmp, arguments).Succeeded();
}
