namespace Vfio;

/// <summary>A way to a device, through the kernel. <c>docs/concepts.md</c> explains them.</summary>
public enum VfioBackend
{
    /// <summary>
    /// The best there is: <see cref="Iommufd"/> where the kernel has it and the user may use it, else
    /// <see cref="Type1v2"/>, else <see cref="Type1"/>.
    /// </summary>
    Automatic = 0,

    /// <summary>
    /// The device's own node (<c>/dev/vfio/devices/vfioN</c>) and an address space of <c>/dev/iommu</c>. Linux 6.6 and
    /// later, where configured.
    /// </summary>
    Iommufd,

    /// <summary>
    /// Group and container (<c>/dev/vfio/N</c>, <c>/dev/vfio/vfio</c>), second version: a mapping can only be unmapped
    /// as a whole.
    /// </summary>
    Type1v2,

    /// <summary>Group and container, first version: for kernels and IOMMUs that have nothing else.</summary>
    Type1,

    /// <summary>
    /// <c>/dev/iommu</c> in the place of the container, as <see cref="Type1v2"/>: what programs written for containers
    /// get from iommufd.
    /// </summary>
    CompatibleType1v2,

    /// <summary><c>/dev/iommu</c> in the place of the container, as <see cref="Type1"/>.</summary>
    CompatibleType1,

    /// <summary>
    /// No IOMMU: the device can reach all memory of the host, and there is no isolation of any kind. Needs root and
    /// <c>vfio.enable_unsafe_noiommu_mode=1</c>, and taints the kernel. Registers, interrupts and reset work;
    /// <see cref="VfioDevice.AddressSpace"/> does not.
    /// </summary>
    NoIommu,
}
