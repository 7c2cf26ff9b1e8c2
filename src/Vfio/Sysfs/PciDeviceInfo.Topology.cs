using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <content>Where the device stands: the bridge above it, its root bus, its link.</content>
public sealed partial class PciDeviceInfo
{
    // Links that are wider or faster than the specification allows are not valid.
    private const int MostLanes = 32;
    private const double MostSpeed = 1024;

    /// <summary>
    /// Reads which device is directly above this one: the bridge or port whose secondary bus it is on. A virtual
    /// function is below the same bridge as its physical function.
    /// </summary>
    /// <remarks>
    /// This is derived from the position of the device's folder in <c>/sys/devices</c>; nothing is opened.
    /// </remarks>
    /// <returns>Its address; <see langword="null"/> for a device on a root bus, or one that was removed.</returns>
    public PciAddress? GetParent()
    {
        foreach (string part in Enumerable.Reverse(FolderParts()).Skip(1))
        {
            if (PciAddress.TryParse(part, out PciAddress address))
            {
                return address;
            }
        }

        return null;
    }

    /// <summary>Reads which root bus the device is below, as domain and bus: <c>0000:00</c>.</summary>
    /// <remarks>Each host bridge has one; a server has several for each socket.</remarks>
    /// <returns>Two hexadecimal numbers; <see langword="null"/> if sysfs does not report it.</returns>
    public string? GetRootBus()
    {
        const string Prefix = "pci";
        foreach (string part in Enumerable.Reverse(FolderParts()))
        {
            // The name of a bus with ".0" is an address, whose parse checks its parts.
            if (part.StartsWith(Prefix, StringComparison.Ordinal)
                && PciAddress.TryParse($"{part[Prefix.Length..]}:00.0", out PciAddress address))
            {
                return string.Create(CultureInfo.InvariantCulture, $"{address.Domain:x4}:{address.Bus:x2}");
            }
        }

        return null;
    }

    /// <summary>Reads which physical function this virtual function belongs to (<c>physfn</c>).</summary>
    /// <returns>Its address; <see langword="null"/> if the device is not a virtual function.</returns>
    public PciAddress? GetPhysicalFunction() =>
        PciAddress.TryParse(SysfsFile.ReadLinkName(Attribute("physfn")), out PciAddress address) ? address : null;

    /// <summary>Gets the virtual functions that are enabled (<c>virtfnN</c>).</summary>
    /// <returns>The virtual functions, by number; none if the device does not support SR-IOV.</returns>
    public IReadOnlyList<PciDeviceInfo> GetVirtualFunctions() =>
        [.. Enumerable.Range(0, GetVirtualFunctionCount())
            .Select(i => PciAddress.TryParse(SysfsFile.ReadLinkName(Attribute($"virtfn{i}")), out PciAddress address)
                ? TryRead(Host, address)
                : null)
            .OfType<PciDeviceInfo>()];

    /// <summary>
    /// Reads the state of the device's PCI Express link (<c>current_link_speed</c> and three other files): the link to
    /// the port above it or, for a root port or a switch's downstream port, to the device below it.
    /// </summary>
    /// <remarks>
    /// The kernel reads the current values from configuration space, which may wake a suspended device.
    /// </remarks>
    /// <returns>
    /// The link, whose values may all be unknown (a device that is built into the processor has none);
    /// <see langword="null"/> if the device is not a PCI Express device.
    /// </returns>
    public PciLink? GetLink()
    {
        string? maxSpeed = SysfsFile.Read(Attribute("max_link_speed"));
        return maxSpeed is null
            ? null
            : new PciLink
            {
                CurrentSpeed = ParseSpeed(SysfsFile.Read(Attribute("current_link_speed"))),
                CurrentWidth = ReadLanes("current_link_width"),
                MaxSpeed = ParseSpeed(maxSpeed),
                MaxWidth = ReadLanes("max_link_width"),
            };
    }

    // "8.0 GT/s PCIe", before Linux 5.8 "8 GT/s", or "Unknown".
    private static double? ParseSpeed(string? text) =>
        text is not null && text.IndexOf(' ') is int end and > 0
            && double.TryParse(
                text.AsSpan(0, end), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double speed)
            && speed is > 0 and <= MostSpeed
            ? speed
            : null;

    // 0 and 255 mean "unknown".
    private int? ReadLanes(string attribute) =>
        SysfsFile.ReadNumber(Attribute(attribute)) is long lanes and > 0 and <= MostLanes ? (int)lanes : null;

    private string[] FolderParts() => SysfsFile.ReadLink(Host.PciDevice(Address))?.Split('/') ?? [];
}
