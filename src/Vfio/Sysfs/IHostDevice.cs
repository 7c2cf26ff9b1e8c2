namespace Vfio;

/// <summary>
/// Represents a device of the host that can be opened through the kernel's VFIO: a PCI device or a mediated one.
/// </summary>
internal interface IHostDevice
{
    /// <summary>Gets the name that the kernel has for it, also in its group: <c>0000:00:14.3</c>, a UUID.</summary>
    string Name { get; }

    /// <summary>Gets the number of its IOMMU group. A mediated device is alone in its group.</summary>
    int? IommuGroup { get; }

    /// <summary>Gets the hint for a device that is not bound to a VFIO driver.</summary>
    string HowToTake { get; }

    /// <summary>Returns the path of one of its files in sysfs.</summary>
    string Attribute(string name);

    /// <summary>Returns the hint for a user who cannot open a node.</summary>
    /// <param name="node">The node.</param>
    string HowToShare(string node);
}
