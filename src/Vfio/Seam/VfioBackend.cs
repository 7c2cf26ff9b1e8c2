namespace Vfio;

/// <summary>
/// Specifies the kernel interface through which a device is opened. <c>docs/concepts.md</c> explains them.
/// </summary>
public enum VfioBackend
{
    /// <summary>
    /// The best one available: <see cref="Iommufd"/> if the kernel supports it and the user can open it, otherwise
    /// <see cref="Type1v2"/>, otherwise <see cref="Type1"/>.
    /// </summary>
    Automatic = 0,

    /// <summary>
    /// The device's own node (<c>/dev/vfio/devices/vfioN</c>) and an address space of <c>/dev/iommu</c>. Linux 6.6 or
    /// later, if configured.
    /// </summary>
    Iommufd,

    /// <summary>
    /// A group and a container (<c>/dev/vfio/N</c>, <c>/dev/vfio/vfio</c>), second version: a mapping can only be
    /// unmapped as a whole.
    /// </summary>
    Type1v2,

    /// <summary>A group and a container, first version: for kernels and IOMMUs that support nothing else.</summary>
    Type1,

    /// <summary>
    /// <c>/dev/iommu</c> instead of a container, as <see cref="Type1v2"/>. This lets programs written for containers
    /// run on iommufd.
    /// </summary>
    CompatibleType1v2,

    /// <summary><c>/dev/iommu</c> instead of a container, as <see cref="Type1"/>.</summary>
    CompatibleType1,

    /// <summary>
    /// No IOMMU: the device can access all memory of the host, and there is no isolation. Needs root and
    /// <c>vfio.enable_unsafe_noiommu_mode=1</c>, and taints the kernel. Registers, interrupts and reset work;
    /// <see cref="VfioDevice.AddressSpace"/> does not.
    /// </summary>
    NoIommu,
}
