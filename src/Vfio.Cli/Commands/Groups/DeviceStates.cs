using System.Globalization;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Determines once for each device of a host whether it can be bound, and if not, why.</summary>
internal sealed class DeviceStates
{
    private const int MostColumns = 120;

    private readonly HostSurvey _survey;
    private readonly HostDevices _devices;
    private readonly Dictionary<PciAddress, IReadOnlyList<BindingRefusal>> _refusals;
    private readonly Dictionary<PciAddress, (NodeState State, string Detail)> _judged = [];

    public DeviceStates(HostRoot host, HostDevices devices)
    {
        _survey = new HostSurvey(host);
        _devices = devices;
        _refusals = devices.All.ToDictionary(device => device.Address, device => _survey.GetRefusals(device.Info));
    }

    /// <summary>Returns the network interfaces and disks of a device.</summary>
    public IEnumerable<string> Names(PciAddress device) => _survey.GetInterfaces(device)
        .Concat(_survey.GetDisks(device));

    public (NodeState State, string Detail) Judge(PciDeviceInfo device)
    {
        if (!_judged.TryGetValue(device.Address, out (NodeState State, string Detail) known))
        {
            known = Look(device);
            known.Detail = Printable.Shorten(Printable.Clean(known.Detail), MostColumns);
            _judged[device.Address] = known;
        }

        return known;
    }

    private (NodeState State, string Detail) Look(PciDeviceInfo device)
    {
        if (device.IsBridge)
        {
            return (NodeState.Bridge, "the kernel keeps it");
        }

        if (_refusals[device.Address] is [BindingRefusal refusal, ..])
        {
            return refusal.Reason == RefusalReason.NoIommu
                ? (NodeState.NoIommu, "it has no IOMMU")
                : (NodeState.InUse, refusal.Explanation);
        }

        if (device.IommuGroup is int number && _devices.Groups.TryGetValue(number, out IommuGroup? group))
        {
            PciDeviceInfo[] others = device.HasVfioDriver
                ? [.. group.GetBlockers()]
                : [.. group.Devices.Where(other => other.Address != device.Address && IsInUse(other))];
            if (others.Length != 0)
            {
                string more = others.Length == 1
                    ? ""
                    : string.Create(CultureInfo.InvariantCulture, $" and {others.Length - 1} more");
                string driver = others[0].Driver is string name && more.Length == 0 ? $" ({name})" : "";
                return (NodeState.Blocked, $"by {others[0].Address}{driver}{more}");
            }
        }

        return device.HasVfioDriver ? (NodeState.Taken, "it has a VFIO driver")
            : (NodeState.CanBeTaken, device.Driver is string driverName ? $"from {driverName}" : "it has no driver");
    }

    // A device without a driver never blocks its group, even if it has refusals.
    private bool IsInUse(PciDeviceInfo device) =>
        device.Driver is not null
        && _refusals.TryGetValue(device.Address, out IReadOnlyList<BindingRefusal>? refusals)
        && !device.IsBridge
        && refusals.Count != 0;
}
