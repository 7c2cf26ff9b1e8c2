using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// A card of five functions in the port that devices are plugged into, in place of its edu: an edu and four
/// pci-testdevs, small enough for the port's window. Each has an IOMMU group of its own. All are bound.
/// </summary>
internal sealed class CardOfSeveralGroups : IDisposable
{
    private const int Functions = 5;

    private readonly BoundDevices _devices;

    public CardOfSeveralGroups(VfioBackend backend, BoundDevices devices)
    {
        KernelEdu.Require(backend);
        _devices = devices;
        devices.Release(PciAddress.Parse(Hotplug.Address));
        KernelEdu.Pull();
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

    public PciAddress[] All { get; } =
        [.. Enumerable.Range(0, Functions).Select(function => PciAddress.Parse($"0000:02:00.{function}"))];

    public void Dispose()
    {
        Array.ForEach(All, _devices.Release);
        Hotplug.Remove("card0");
    }

    private void Plug()
    {
        // The first function is plugged last, because it makes the card visible.
        for (int function = Functions - 1; function >= 0; function--)
        {
            Hotplug.Add(
                function == 0 ? "driver=edu" : "driver=pci-testdev", $"id=card{function}", $"addr=0.{function}",
                $"multifunction={(function == 0 ? "true" : "false")}");
        }

        foreach (PciAddress address in All)
        {
            Hotplug.WaitFor($"{address}");
            _devices.Bind($"{address}");
        }
    }
}
