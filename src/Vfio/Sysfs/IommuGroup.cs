namespace Vfio;

/// <summary>
/// Represents an IOMMU group: devices that the IOMMU cannot isolate from each other, so that they can only be assigned
/// together.
/// </summary>
public sealed class IommuGroup
{
    internal IommuGroup(int number, string? domainType, IReadOnlyList<PciDeviceInfo> devices)
    {
        Number = number;
        DomainType = domainType;
        Devices = devices;
    }

    /// <summary>Gets the number of the group, as in <c>/dev/vfio/N</c>.</summary>
    public int Number { get; }

    /// <summary>
    /// Gets the kernel's default domain for the group: <c>DMA</c>, <c>DMA-FQ</c>, <c>identity</c>;
    /// <see langword="null"/> if the kernel does not report it.
    /// </summary>
    public string? DomainType { get; }

    /// <summary>Gets the PCI devices in the group, by address.</summary>
    public IReadOnlyList<PciDeviceInfo> Devices { get; }

    /// <summary>Gets the devices that prevent the use of the group, because they are bound to a host driver.</summary>
    /// <returns>The devices, by address; none if the group can be used.</returns>
    public IReadOnlyList<PciDeviceInfo> GetBlockers() =>
        [.. Devices.Where(device => device.BlocksGroup)];
}
