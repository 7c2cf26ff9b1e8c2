namespace Vfio;

/// <summary>How <see cref="VfioDevice.Open"/> opens a device. The defaults suit most programs.</summary>
public sealed record VfioOpenOptions
{
    /// <summary>The kernel interface to use. By default, the best one available.</summary>
    public VfioBackend Backend { get; init; }

    /// <summary>
    /// The address space to join: that of a device that is open already (<see cref="VfioDevice.AddressSpace"/>), or one
    /// made by <see cref="IoAddressSpace.Create"/>. Its devices access the same memory at the same addresses; devices
    /// of one IOMMU group can be open together only in one. By default, the device gets an address space of its own.
    /// The backend is that of the address space: with another <see cref="Backend"/> than that or
    /// <see cref="VfioBackend.Automatic"/>, the device cannot join.
    /// </summary>
    public IoAddressSpace? AddressSpace { get; init; }

    /// <summary>
    /// The token of a virtual function whose physical function is bound too: what
    /// <see cref="VfioDevice.SetVirtualFunctionToken"/> set there. None by default.
    /// </summary>
    public Guid? VirtualFunctionToken { get; init; }

    /// <summary>
    /// Whether regions may be mapped without the guard, which keeps the process alive when the device does not answer.
    /// It supports x86-64; on other processors regions are trapped by default: every access is a system call. With this
    /// option they are mapped, and an access to a device that has stopped answering ends the process with SIGBUS.
    /// <see cref="Region.IsGuarded"/> says what a region got.
    /// </summary>
    public bool AllowUnguarded { get; init; }

    /// <summary>Gets where the host's <c>/sys</c>, <c>/proc</c> and <c>/dev</c> are.</summary>
    internal HostRoot Host { get; init; } = HostRoot.Default;

    /// <summary>
    /// Called with the leaks when the address space ends and something is still mapped. Runs on the disposing thread,
    /// and must not throw.
    /// </summary>
    public Action<IReadOnlyList<DmaMappingInfo>>? LeakReport { get; init; }

    /// <summary>Makes the system calls.</summary>
    internal SystemCalls Calls { get; init; } = new();
}
