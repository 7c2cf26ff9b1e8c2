using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Represents an address space of the kernel, into which devices of the host can be opened.</summary>
internal interface IHostAddressSpace : IAddressSpaceBackend
{
    /// <summary>Gets whether it is one that a device's options request.</summary>
    bool Suits(VfioBackend backend);

    /// <summary>Opens a device into this address space. If a step fails, nothing stays open.</summary>
    /// <param name="device">The device.</param>
    /// <param name="node">The device's own node, if it is already known.</param>
    /// <param name="token">The token of a virtual function.</param>
    IDeviceBackend Open(IHostDevice device, string? node, Guid? token);

    /// <summary>
    /// Adds a device that another program opened to this address space: its own node or its IOMMU group's, as the
    /// backend requires. The address space owns the descriptor from then on.
    /// </summary>
    IDeviceBackend Take(SafeFileHandle file, string name, Guid? token);
}
