using Vfio.Pci;

namespace Vfio;

/// <summary>How <see cref="VfioDevice.Open(PciAddress, VfioOpenOptions)"/> opens a device. The defaults suit most.</summary>
public sealed record VfioOpenOptions
{
    /// <summary>Which way through the kernel: the best there is unless told.</summary>
    public VfioBackend Backend { get; init; }

    /// <summary>
    /// The address space to join, of a device that is open already (<see cref="VfioDevice.AddressSpace"/>): both then reach the same memory at the same addresses.
    /// Devices of one IOMMU group can be open together only so. A new one unless told. It decides the way through the kernel.
    /// </summary>
    public IoAddressSpace? AddressSpace { get; init; }

    /// <summary>
    /// The token of a virtual function whose physical function is taken too: what <see cref="VfioDevice.SetVirtualFunctionToken"/> set there. None unless told.
    /// </summary>
    public Guid? VirtualFunctionToken { get; init; }

    /// <summary>Where the host's <c>/sys</c>, <c>/proc</c> and <c>/dev</c> are; the running host unless told.</summary>
    internal HostRoot Host { get; init; } = HostRoot.Default;

    /// <summary>Told what is still mapped when the last device of the address space is disposed, whichever that is, where there is something: leaks. On the disposing thread; must not throw.</summary>
    public Action<IReadOnlyList<DmaMappingInfo>>? LeakReport { get; init; }

    /// <summary>Who makes the system calls.</summary>
    internal SystemCalls Calls { get; init; } = new();
}
