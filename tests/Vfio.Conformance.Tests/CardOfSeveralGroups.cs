using System.Diagnostics;

namespace Vfio.Conformance.Tests;

/// <summary>
/// A card of five functions in the port that devices are plugged into, in place of its edu: an edu and four pci-testdevs, small enough for the port's window. Each has an IOMMU group of its own. All are taken.
/// </summary>
internal sealed class CardOfSeveralGroups : IDisposable
{
    private const string Port = "0000:02:00";
    private const string Devices = "/sys/bus/pci/devices";
    private const int Functions = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _qmp;
    private readonly List<DriverBinding> _bindings = [];

    public CardOfSeveralGroups(VfioBackend backend)
    {
        using (KernelEdu machine = new(backend))
        {
            // It skips where there is no machine, or no such backend.
        }

        _qmp = Environment.GetEnvironmentVariable("VFIO_QMP")!;
        Pull("conformance");
        try
        {
            Plug();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public PciAddress[] All { get; } = [.. Enumerable.Range(0, Functions).Select(function => PciAddress.Parse($"{Port}.{function}"))];

    public void Dispose()
    {
        _bindings.ForEach(binding => binding.Dispose());
        Pull("card0");
    }

    private void Plug()
    {
        // The first function last: with it the card is seen.
        for (int function = Functions - 1; function >= 0; function--)
        {
            Run("device_add", [function == 0 ? "driver=edu" : "driver=pci-testdev", $"id=card{function}", "bus=hotplug0", $"addr=0.{function}", $"multifunction={(function == 0 ? "true" : "false")}"]);
        }

        Wait(() => All.All(address => Directory.Exists($"{Devices}/{address}/iommu_group")), "the card did not appear");
        foreach (PciAddress address in All)
        {
            _bindings.Add(DriverBinding.Bind(address));
        }
    }

    private void Pull(string id)
    {
        if (Directory.Exists($"{Devices}/{Port}.0"))
        {
            Run("device_del", $"id={id}");
            Wait(() => !Directory.EnumerateFileSystemEntries(Devices, $"{Port}.*").Any(), $"{id} was not pulled");
            // QEMU forgets the ids a little later than the kernel the devices.
            Thread.Sleep(TimeSpan.FromSeconds(1));
        }
    }

    private void Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(_qmp, [command, .. arguments]);
        Assert.True(process.WaitForExit(Patience));
        Assert.Equal(0, process.ExitCode);
    }

    private static void Wait(Func<bool> condition, string failure) => Assert.True(SpinWait.SpinUntil(condition, Patience), failure);
}
