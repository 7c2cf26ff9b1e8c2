using System.Globalization;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Writes the state of the named devices as text in sections.</summary>
internal sealed class StatusText(CliHost host)
{
    private const int MostNames = 16;

    private readonly SectionWriter _section = new(host);
    private readonly DeviceNames _names = new(host);

    public void Write(IReadOnlyList<DeviceStatus> devices)
    {
        for (int i = 0; i < devices.Count; i++)
        {
            if (i != 0)
            {
                host.Out.WriteLine();
            }

            Write(devices[i]);
        }
    }

    private void Write(DeviceStatus status)
    {
        string what = status.Identity is null
            ? ""
            : $" {_names.Describe(status.Identity, isBrief: host.Terminal.Width is not null)}";
        string title = Printable.Clean($"{status.Name}{what}");
        host.Out.WriteLine(
            host.Terminal.Bold(host.Terminal.Width is int width ? Printable.Shorten(title, width) : title));
        if (status.IsModel)
        {
            _section.WriteRow(
                "bound",
                "no: a device model inside vfio; each command creates a new one, and those of "
                + "other commands cannot be seen");
            return;
        }

        WriteTaken(status);
        if (status.Device is PciDeviceInfo device)
        {
            _section.WriteRow("driver", device.Driver ?? "none");
            WriteGroup(device);
            if (device.HasVfioDriver || status.Unfinished is not null || status.Holders.Count != 0)
            {
                WriteUse(status, device);
            }
        }
    }

    private void WriteTaken(DeviceStatus status)
    {
        if (status is { IsSound: true, Entry: JournalEntry entry })
        {
            if (entry.PreviousFunctionCount is int functions)
            {
                _section.WriteRow("VFs", string.Create(
                    CultureInfo.InvariantCulture,
                    $"{status.Device?.GetVirtualFunctionCount() ?? 0} virtual functions, previously {functions}"));
            }

            if (!entry.IsBound)
            {
                _section.WriteRow("bound", "no");
            }
            else
            {
                WriteTaking(entry);
            }
        }
        else if (status.Entry is null)
        {
            _section.WriteRow(
                "bound",
                status.Device is { HasVfioDriver: true } ? "yes, but not by vfio: another program bound it" : "no");
        }

        if (status.Persistent is PersistentDevice persistent)
        {
            _section.WriteRow(
                "persistent",
                $"yes: bound to {persistent.Driver}{(persistent.User is null ? "" : $" for {persistent.User}")} after "
                + $"every reboot, until it is released");
        }

        _section.WriteRow(
            "driverctl", status.Driverctl is string driver ? $"binds it to {driver} at every boot" : null);
        _section.WriteRow("problem", status.Trouble, host.Terminal.Yellow);
    }

    private void WriteTaking(JournalEntry entry)
    {
        string[] names = [.. DeviceArgument.NamesOf(entry).Take(MostNames)];
        string before = names.Length == 0 ? "" : $" ({string.Join(", ", names)})";
        string user = entry.User is null ? "for root only" : $"for {entry.User}";
        _section.WriteRow("bound", entry.IsUnbound
            ? $"unbound from {entry.OriginalDriver ?? "no driver"}{before}, to make its group usable"
            : $"yes, {user}; originally {entry.OriginalDriver ?? "no driver"}{before}");
        _section.WriteRow("since", string.Create(
            CultureInfo.InvariantCulture,
            $"{StatusTable.FormatTime(host, entry.BoundAt)}, by {entry.BoundBy} (pid {entry.ProcessId})"));
    }

    private void WriteGroup(PciDeviceInfo device)
    {
        if (device.IommuGroup is not int number || new PciBus(host.Root).GetGroup(number) is not IommuGroup group)
        {
            _section.WriteRow("IOMMU group", "none: the device has no IOMMU");
            return;
        }

        string domain = group.DomainType is null ? "" : $" ({group.DomainType})";
        PciAddress[] others =
            [.. group.Devices.Select(member => member.Address).Where(address => address != device.Address)];
        string beside = others.Length == 0 ? "no other device"
            : $"with {string.Join(", ", others.Take(MostNames))}"
                + $"{(others.Length > MostNames ? $" and {others.Length - MostNames} more" : "")}";
        _section.WriteRow("IOMMU group", $"{number}{domain}, {beside}");
    }

    private void WriteUse(DeviceStatus status, PciDeviceInfo device)
    {
        string[] nodes = [.. VfioNode.GetAll(device)
            .Select(node => $"{node.Path} (for {string.Join(" and ", [node.UserName, .. node.OtherUsers])})")];
        _section.WriteRow("nodes", nodes.Length == 0 ? "none" : string.Join(", ", nodes));
        _section.WriteRow("mappings", new DmaLimits(host.Root).ReadEntryLimit() is uint limit
            ? string.Create(
                CultureInfo.InvariantCulture, $"at most {limit} per container (dma_entry_limit of vfio_iommu_type1)")
            : null);
        string label = "open by";
        foreach (HolderStatus holder in status.Holders)
        {
            _section.WriteRow(label, holder.Process.ToString());
            _section.WriteRow("", Describe(holder.Memory));
            label = "";
        }

        foreach (DeviceHolder process in status.Possible.Take(MostNames))
        {
            _section.WriteRow(label, $"possibly {process}, which has some VFIO device open");
            label = "";
        }

        if (status.Unexamined.Count != 0)
        {
            IEnumerable<string> names = status.Unexamined.Take(MostNames).Select(process => $"pid {process.ProcessId}");
            _section.WriteRow("not examined", $"{string.Join(", ", names)}: the kernel did not allow it");
        }

        if (label.Length != 0)
        {
            _section.WriteRow(
                label,
                Environment.IsPrivilegedProcess ? "no process" : "no process that this user may see; root sees all");
        }
    }

    private static string Describe(LockedMemoryUse? memory) => memory is null
        ? "its locked memory is hidden from this user"
        : $"{ByteSize.Format(memory.LockedBytes)} locked, {ByteSize.Format(memory.PinnedBytes)} pinned; it may lock "
            + (memory.Limit is ulong limit ? ByteSize.Format(limit) : "without limit");
}
