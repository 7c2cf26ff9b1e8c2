using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>An address space of the kernel's, which devices of the host can be opened into.</summary>
internal interface IHostAddressSpace : IAddressSpaceBackend
{
    /// <summary>Gets whether it is what a device's options ask for.</summary>
    bool Suits(VfioBackend backend);

    /// <summary>Opens a device and puts it into this address space. A step that fails leaves nothing behind.</summary>
    /// <param name="device">The device.</param>
    /// <param name="node">The device's own node, if it has been looked up already.</param>
    /// <param name="token">A virtual function's.</param>
    IDeviceBackend Open(IHostDevice device, string? node, Guid? token);

    /// <summary>
    /// Adds a device that another program opened to this address space: its own node or its IOMMU group's, as the
    /// backend requires. The address space owns the descriptor from then on.
    /// </summary>
    IDeviceBackend Take(SafeFileHandle file, string name, Guid? token);
}
