using Microsoft.Win32.SafeHandles;
using Vfio.Sysfs;

namespace Vfio.Backends;

/// <summary>An address space of the kernel's, which devices of the host can be opened into.</summary>
internal interface IHostAddressSpace : IAddressSpaceBackend
{
    /// <summary>Opens a device and puts it into this address space. A step that fails leaves nothing behind.</summary>
    IDeviceBackend Open(IHostDevice device, Guid? token);

    /// <summary>Puts a device into this address space that somebody else opened: its own node or its group, as the backend wants it; owned from here on.</summary>
    IDeviceBackend Take(SafeFileHandle file, string name, Guid? token);
}
