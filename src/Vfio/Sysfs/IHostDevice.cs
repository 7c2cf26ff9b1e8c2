namespace Vfio;

/// <summary>
/// A device of the host that the kernel's VFIO can have: a PCI device or a mediated one. What the ways to open it need
/// of it.
/// </summary>
internal interface IHostDevice
{
    /// <summary>Gets what the kernel calls it, in its group too: <c>0000:00:14.3</c>, a UUID.</summary>
    string Name { get; }

    /// <summary>Its IOMMU group; a mediated device has one of its own.</summary>
    int? IommuGroup { get; }

    /// <summary>Gets what a person does so that a VFIO driver has it.</summary>
    string HowToTake { get; }

    /// <summary>The path of one of its files in sysfs.</summary>
    string Attribute(string name);

    /// <summary>Gets what a person does so that a user who is not root may open it.</summary>
    /// <param name="node">The node that was refused, as the host calls it.</param>
    string HowToShare(string node);
}
