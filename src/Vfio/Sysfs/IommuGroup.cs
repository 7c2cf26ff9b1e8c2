namespace Vfio;

/// <summary>Devices that the IOMMU cannot keep apart: they are given away together or not at all.</summary>
public sealed class IommuGroup
{
    internal IommuGroup(int number, string? domainType, IReadOnlyList<PciDeviceInfo> devices)
    {
        Number = number;
        DomainType = domainType;
        Devices = devices;
    }

    /// <summary>The group's number, as in <c>/dev/vfio/N</c>.</summary>
    public int Number { get; }

    /// <summary>
    /// Gets the kernel's default domain for the group: <c>DMA</c>, <c>DMA-FQ</c>, <c>identity</c>;
    /// <see langword="null"/> if the kernel does not report it.
    /// </summary>
    public string? DomainType { get; }

    /// <summary>The PCI devices in it, by address.</summary>
    public IReadOnlyList<PciDeviceInfo> Devices { get; }

    /// <summary>Those that keep the group from being used: devices that belong to a host driver.</summary>
    /// <returns>The devices, by address; none if the group can be used.</returns>
    public IReadOnlyList<PciDeviceInfo> GetBlockers() =>
        [.. Devices.Where(device => device.BlocksGroup)];
}
