using System.Diagnostics;

namespace Vfio.Conformance.Tests;

/// <summary>
/// A card of five functions in the port that devices are plugged into, in place of its edu: functions 1 and 2 are igbs, of which Linux knows that they do not reach each other and gives
/// each a group; the others are edus, of which it does not. All are taken. The first is no igb: that one's list of functions (ARI) would end with itself.
/// </summary>
internal sealed class CardOfSeveralGroups : IDisposable
{
    private const string Port = "0000:02:00";
    private const string Devices = "/sys/bus/pci/devices";
    private const int Functions = 5;
    private const int FirstIgb = 1;
    private const int SecondIgb = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _qmp;
    private readonly List<DriverBinding> _bindings = [];

    public CardOfSeveralGroups(VfioBackend backend)
    {
        using (KernelEdu machine = new(backend))
        {
            // It skips where there is no machine, or no such backend.
        }

        Assert.SkipUnless(Directory.Exists($"{Devices}/0000:01:00.0"), "this QEMU has no igb");
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

    public PciAddress First => All[FirstIgb];

    public PciAddress Second => All[SecondIgb];

    public PciAddress Edu => All[0];

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
            string[] what = function is FirstIgb or SecondIgb ? ["driver=igb", "romfile="] : ["driver=edu"];
            Run("device_add", [.. what, $"id=card{function}", "bus=hotplug0", $"addr=0.{function}", $"multifunction={(function == 0 ? "true" : "false")}"]);
        }

        Wait(() => All.All(address => Directory.Exists($"{Devices}/{address}/iommu_group")), "the card did not appear");
        // The igbs' driver takes its time; what it has not begun with is not taken away from it.
        Wait(() => Directory.Exists($"{Devices}/{First}/driver") && Directory.Exists($"{Devices}/{Second}/driver"), "no driver has taken the igbs");
        foreach (PciAddress address in All)
        {
            _bindings.Add(DriverBinding.Bind(address, new BindOptions { Force = true }));
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
