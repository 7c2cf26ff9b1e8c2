using System.Globalization;
using Vfio.Pci;

namespace Vfio.Host;

// Reads the facts. What does not exist, or cannot be read by this user, stays unset.
internal sealed partial record DeviceFacts
{
    private const int MostBridges = 32;
    private const int MostErrorNames = 4;

    private static readonly string[] ErrorKinds = ["fatal", "nonfatal", "correctable"];

    public static DeviceFacts Read(HostRoot host, PciDeviceInfo device)
    {
        PciBus bus = new(host);
        HostSurvey survey = new(host);
        PciDeviceDetails details = device.GetDetails();
        IommuGroup? group = device.IommuGroup is int inGroup ? bus.GetGroup(inGroup) : null;
        bool isTaken = device.HasVfioDriver;
        BindingJournal journal = new(host);
        int? unfinished = journal.FindUnfinishedChange(device.Address);
        bool isBusy = false;
        return new DeviceFacts(device, details)
        {
            Group = group,
            HasNoIommuGroup = device.IsNoIommu(),
            BridgesInGroup = group is { Devices.Count: > 1 } ? [.. ReadBridges(bus, device)] : [],
            ReservedRegions = ReservedRegion.Of(device),
            Refusals = survey.Judge(device, thorough: false, findsHolders: true),
            RefusalsInGroup = group is null
                ? []
                : [.. survey.GetGroupRefusals(group).Where(refusal => refusal.Device != device.Address)],
            UnboundWithGroup = [.. (group?.Devices ?? []).Where(HostSurvey.IsUnboundWithGroup)],
            Interfaces = survey.GetInterfaces(device.Address),
            Disks = survey.GetDisks(device.Address),
            GroupNode = isTaken && device.IommuGroup is int number
                ? FindGroupNode(host, device.IsNoIommu() ? $"noiommu-{number}" : $"{number}")
                : null,
            OwnNode = isTaken && SysfsFile.Names(device.Attribute("vfio-dev")).FirstOrDefault() is string own
                ? HostNode.Find(host, $"/dev/vfio/devices/{own}", device.Attribute($"vfio-dev/{own}/dev"))
                : null,
            IsRemembered = journal.Find(device.Address) is not null,
            Holders = device.MayBeHeldByVfio ? new DeviceHolders(host).GetHolders(device) : [],
            UnfinishedChange = unfinished,
            Override = unfinished is null ? ReadOverride(host, device, out isBusy) : null,
            IsBusy = isBusy,
            Header = ReadHeader(device, details),
            HasReset = Path.Exists(device.Attribute("reset")),
            IsD3coldAllowed = SysfsFile.ReadNumber(device.Attribute("d3cold_allowed")) is long allowed
                ? allowed != 0
                : null,
            Errors =
                [.. ErrorKinds.Select(kind => ParseErrors(kind, SysfsFile.Read(device.Attribute($"aer_dev_{kind}"))))
                    .OfType<ErrorCount>()],
            Framebuffer = ReadFramebuffer(host, device, out (string, string)? display),
            FirmwareDisplay = display,
            IsOfBoundFunction = details.PhysicalFunction is PciAddress physical
                && bus.Find(physical) is { HasVfioDriver: true },
        };
    }

    private static HostNode? FindGroupNode(HostRoot host, string name) =>
        HostNode.Find(host, $"/dev/vfio/{name}", NodeTrouble.OfGroup(host, name));

    // Many kernels block this read while the device is being bound or unbound, so a child process makes it.
    private static string? ReadOverride(HostRoot host, PciDeviceInfo device, out bool isBusy)
    {
        isBusy = false;
        if (!host.IsRunningHost)
        {
            return device.GetDriverOverride();
        }

        KernelAttributes attributes = new(helper: null);
        try
        {
            isBusy = device.FindDriverBeingLeft(attributes.Read) is not null;
            return PciDeviceInfo.ParseOverride(attributes.Read(device.Attribute(PciDeviceInfo.OverrideAttribute)));
        }
        catch (VfioException)
        {
            isBusy = true;
            return null;
        }
        finally
        {
            attributes.EndChild();
        }
    }

    // The kernel's lines are "RxErr 3", and at the end "TOTAL_ERR_COR 3".
    internal static ErrorCount? ParseErrors(string kind, string? text)
    {
        ulong total = 0;
        List<string> names = [];
        foreach (string line in (text ?? "").Split('\n'))
        {
            string[] words = line.Split(' ');
            if (words.Length != 2
                || !ulong.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong count)
                || count == 0)
            {
                continue;
            }

            if (words[0].StartsWith("TOTAL_ERR", StringComparison.Ordinal))
            {
                total = count;
            }
            else if (names.Count < MostErrorNames)
            {
                names.Add($"{words[0]} {words[1]}");
            }
        }

        return total == 0 ? null : new ErrorCount(kind, total, names);
    }

    // Does not read the header of a device in D3cold, because that would wake it.
    private static PciConfigHeader? ReadHeader(PciDeviceInfo device, PciDeviceDetails details)
    {
        Span<byte> bytes = stackalloc byte[PciConfigHeader.Length];
        return details.PowerState != "D3cold"
            && PciConfigHeader.TryParse(bytes[..device.ReadConfig(bytes)], out PciConfigHeader? header)
            ? header
            : null;
    }

    private static IEnumerable<(PciAddress, BridgeIsolation)> ReadBridges(PciBus bus, PciDeviceInfo device)
    {
        PciAddress? next = device.GetParent();
        for (int i = 0;
            i < MostBridges
            && next is PciAddress address
            && bus.Find(address) is PciDeviceInfo bridge
            && bridge.IommuGroup == device.IommuGroup;
            i++)
        {
            byte[] config = new byte[PciConfigSpace.MaxLength];
            yield return (address, BridgeIsolations.Of(config.AsSpan(0, bridge.ReadConfig(config))));
            next = bridge.GetParent();
        }
    }

    private static FramebufferState ReadFramebuffer(HostRoot host, PciDeviceInfo device, out (string, string)? display)
    {
        display = null;
        if (device.Class.BaseClass != PciClass.Display)
        {
            return FramebufferState.None;
        }

        string folder = host.Combine("sys/bus/platform/devices");
        foreach (string name in SysfsFile.Names(folder)
            .Where(name => name.Contains("-framebuffer.", StringComparison.Ordinal)))
        {
            if (SysfsFile.ReadLinkName(Path.Combine(folder, name, "driver")) is string driver)
            {
                display = (name, driver);
            }
        }

        DisplayUse use = new(host);
        return use.HasFirmwareFramebuffer(device) ? FramebufferState.InMemory
            : display is not null && !use.SeesAddresses && device.IsBootDisplay() ? FramebufferState.Unseen
            : FramebufferState.None;
    }
}
