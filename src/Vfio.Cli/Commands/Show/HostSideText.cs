using System.Globalization;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Writes how the host uses a device, as labelled rows.</summary>
internal sealed class HostSideText(CliHost host, HostSide side)
{
    private const int MostMembers = 16;

    private readonly SectionWriter _section = new(host);
    private readonly PciDeviceInfo _device = side.Device;
    private readonly PciDeviceDetails _details = side.Details;

    public void Write()
    {
        WriteUse();
        WriteHardware();
    }

    private void WriteUse()
    {
        _section.WriteRow(
            "driver",
            _device.Driver is null
                ? "none"
                : _details.Module is string module && module.Replace('_', '-') != _device.Driver.Replace('_', '-')
                    ? $"{_device.Driver} (module {module})"
                : _device.Driver);
        if (side.Interfaces.Count != 0)
        {
            _section.WriteList("interfaces", side.Interfaces);
        }

        if (side.Disks.Count != 0)
        {
            _section.WriteList("disks", side.Disks);
        }

        WriteTake();
        WriteGroup();
    }

    private void WriteTake()
    {
        if (_device.HasVfioDriver)
        {
            _section.WriteRow("bind", "bound to a VFIO driver");
            if (side.Entry is { ParseError: null } entry)
            {
                string[] before = [.. DeviceArgument.NamesOf(entry)];
                string names = before.Length == 0 ? "" : $", {string.Join(", ", before.Take(MostMembers))}";
                string user = entry.User is null ? "" : $"; for {entry.User}";
                _section.WriteRow("previously", $"{entry.OriginalDriver ?? "no driver"}{names}{user}");
            }
        }
        else if (side.Refusals.Count == 0)
        {
            _section.WriteRow("bind", "yes: vfio bind can bind it", host.Terminal.Green);
        }

        string label = "bind";
        foreach (BindingRefusal refusal in side.Refusals)
        {
            _section.WriteRow(
                label,
                $"no: {refusal.Explanation}{(refusal.CanForce ? " (--force binds it anyway)" : "")}",
                host.Terminal.Yellow);
            label = "";
        }

        if (side.Holders.Count != 0)
        {
            _section.WriteList("open in", [.. side.Holders.Select(holder => holder.ToString())]);
        }

        _section.WriteRow(
            "persistent", side.IsPersistent ? "yes: bound after every reboot, until it is released" : null);
        _section.WriteRow("driverctl", side.Driverctl is string driver ? $"binds it to {driver} at every boot" : null);
    }

    private void WriteGroup()
    {
        if (side.Group is not IommuGroup group)
        {
            _section.WriteRow("IOMMU group", "none: the device has no IOMMU");
            return;
        }

        PciDeviceInfo[] others = [.. group.Devices.Where(member => member.Address != _device.Address)];
        string domain = group.DomainType is null ? "" : $" ({group.DomainType})";
        _section.WriteRow(
            "IOMMU group", $"{group.Number}{domain}{(others.Length == 0 ? ", no other device" : ", with")}");
        HashSet<PciAddress> blockers = [.. group.GetBlockers().Select(blocker => blocker.Address)];
        foreach (PciDeviceInfo member in others.Take(MostMembers))
        {
            string blocks = _device.HasVfioDriver && blockers.Contains(member.Address) ? ", blocks" : "";
            _section.WriteRow(
                "", $"{member.Address} {DeviceNames.ClassWord(member.Class)} {member.Driver ?? "-"}{blocks}");
        }

        if (others.Length > MostMembers)
        {
            _section.WriteRow("", $"and {others.Length - MostMembers} more: vfio list --group {group.Number}");
        }
    }

    private void WriteHardware()
    {
        _section.WriteRow("NUMA node", _details.NumaNode?.ToString(CultureInfo.InvariantCulture));
        _section.WriteRow("slot", _details.Slot);
        _section.WriteRow("power", _details.PowerState is null || _details.RuntimeStatus is null
            ? _details.PowerState ?? _details.RuntimeStatus
            : $"{_details.PowerState}, {_details.RuntimeStatus}");
        if (_details.Link is { MaxWidth: > 0 } link)
        {
            string now = link.CurrentWidth is null ? "down" : LinkText.Describe(link.CurrentSpeed, link.CurrentWidth);
            _section.WriteRow("link", $"{now}, maximum {LinkText.Describe(link.MaxSpeed, link.MaxWidth)}");
        }

        _section.WriteRow("resets", _details.ResetMethods is null ? null
            : _details.ResetMethods.Count == 0 ? "none: the kernel cannot reset only this device"
            : string.Join(", ", _details.ResetMethods));
        if (_details.PhysicalFunction is PciAddress physical)
        {
            _section.WriteRow("SR-IOV", $"a virtual function of {physical}");
        }
        else if (_details.TotalVirtualFunctions != 0)
        {
            string functions = string.Join(", ", _details.VirtualFunctions.Take(MostMembers));
            string rest = _details.VirtualFunctions.Count > MostMembers ? ", …" : "";
            _section.WriteRow(
                "SR-IOV",
                $"{_details.VirtualFunctions.Count} of {_details.TotalVirtualFunctions} virtual functions "
                + $"enabled{(functions.Length == 0 ? "" : ": ")}{functions}{rest}");
        }
    }
}
