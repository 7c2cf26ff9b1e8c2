namespace Vfio;

/// <summary>
/// Specifies how <see cref="VfioDevice.Open"/> opens a device. The defaults suit most
/// programs.
/// </summary>
public sealed record VfioOpenOptions
{
    /// <summary>Gets the kernel interface to use. By default, the best one available.</summary>
    public VfioBackend Backend { get; init; }

    /// <summary>
    /// Gets the address space to join: that of an open device (<see cref="VfioDevice.AddressSpace"/>), or one made by
    /// <see cref="IoAddressSpace.Create"/>. Its devices access the same memory at the same addresses. Devices of one
    /// IOMMU group must share their address space to be open at the same time. By default, the device gets a new one.
    /// <see cref="Backend"/> must be <see cref="VfioBackend.Automatic"/> or that of the address space.
    /// </summary>
    public IoAddressSpace? AddressSpace { get; init; }

    /// <summary>
    /// Gets the token of a virtual function whose physical function is bound too, as set by
    /// <see cref="VfioDevice.SetVirtualFunctionToken"/>. By default, none.
    /// </summary>
    public Guid? VirtualFunctionToken { get; init; }

    /// <summary>
    /// Gets whether regions may be mapped without the guard, which keeps the process alive if the device does not
    /// answer. The guard supports x86-64. On other processors regions are trapped by default: every access is a system
    /// call. With this option they are mapped, and an access to a device that has stopped answering ends the process
    /// with SIGBUS. <see cref="Region.IsGuarded"/> tells whether a region is guarded.
    /// </summary>
    public bool AllowUnguarded { get; init; }

    /// <summary>Gets where the host's <c>/sys</c>, <c>/proc</c> and <c>/dev</c> are.</summary>
    internal HostRoot Host { get; init; } = HostRoot.Default;

    /// <summary>
    /// Gets the action that is called with the leaks if something is still mapped when the address space ends. It runs
    /// on the disposing thread, and must not throw.
    /// </summary>
    public Action<IReadOnlyList<DmaMappingInfo>>? LeakReport { get; init; }

    /// <summary>Gets the object that makes the system calls.</summary>
    internal SystemCalls Calls { get; init; } = new();
}
