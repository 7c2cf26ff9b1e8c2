namespace Vfio.Host;

/// <summary>Says how devices are bound (<see cref="BindingPlan"/>).</summary>
public sealed record BindOptions
{
    /// <summary>Gets whether to bind every endpoint of the devices' IOMMU groups, not only the named devices.</summary>
    public bool WholeGroup { get; init; }

    /// <summary>
    /// The user, by name or number, who is granted access to the device nodes; <see langword="null"/> for root only.
    /// </summary>
    public string? User { get; init; }

    /// <summary>
    /// The VFIO driver to bind to: vfio-pci, or a variant driver made for the device, which can do more, such as
    /// migration (the kernel's modules list the devices of their variant drivers as <c>vfio_pci:</c> aliases).
    /// <see langword="null"/> for vfio-pci.
    /// </summary>
    public string? Driver { get; init; }

    /// <summary>Gets whether to bind devices that are in use, if that is possible.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Gets whether to bind devices that have no IOMMU. A program that opens such a device can reach all memory of the
    /// host. The kernel's no-IOMMU mode (<c>vfio.enable_unsafe_noiommu_mode</c>) has to be on; binding such a device
    /// taints the kernel.
    /// </summary>
    public bool NoIommu { get; init; }

    /// <summary>
    /// Gets whether to refuse a device that is bound already, by another program that still runs or for another user
    /// than <see cref="User"/>. A device that was bound earlier for this user stays as it is. Without this option,
    /// <see cref="User"/> is granted access to a device that is bound already.
    /// </summary>
    public bool Exclusive { get; init; }

    /// <summary>
    /// Gets whether to bind the devices again after every reboot and hot-plug, until they are released. This writes
    /// files in <c>/etc</c> through which udev and systemd run the program of this process. That program therefore has
    /// to be the tool <c>vfio</c>, installed where only root can change it.
    /// </summary>
    public bool Persist { get; init; }

    /// <summary>
    /// Gets how long to wait for other programs and the kernel, and what to do meanwhile; <see langword="null"/> for
    /// the default times.
    /// </summary>
    public HolderWait? HolderWait { get; init; }

    /// <summary>
    /// The program, with its first arguments, that writes kernel attributes for this process
    /// (<see cref="BindingHelper"/>). <see langword="null"/> for <c>/bin/sh</c>, which does not report why a write
    /// failed.
    /// </summary>
    public IReadOnlyList<string>? Helper { get; init; }

    /// <summary>Gets the host to change. By default, the running host.</summary>
    internal HostRoot Host { get; init; } = HostRoot.Default;

    /// <summary>
    /// Gets how the host is changed; <see langword="null"/> for the implementation that changes the running host.
    /// </summary>
    internal IHostChanges? Changes { get; init; }

    /// <summary>
    /// Gets how the host's files are changed; <see langword="null"/> for the implementation that changes the real
    /// files.
    /// </summary>
    internal IHostFiles? Files { get; init; }

    /// <summary>
    /// The program that udev and systemd are to run; <see langword="null"/> for the program of this process.
    /// </summary>
    internal string? Program { get; init; }

    /// <summary>The clock for the time of a bind.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>Says how devices are released (<see cref="ReleasePlan"/>).</summary>
public sealed record ReleaseOptions
{
    /// <summary>
    /// Gets whether to release a device even if a program still holds it, or if its journal entry is corrupt. In the
    /// first case a child process waits in the kernel for that program, and the kernel asks the program to close the
    /// device (<see cref="IrqIndex.Request"/>). In the second case the device goes to the driver that the kernel
    /// chooses. A device that something other than this library bound to a VFIO driver is released only with this
    /// option, and only if it is named.
    /// </summary>
    public bool Force { get; init; }

    /// <summary>
    /// Gets how long to wait for other programs and the kernel, and what to do meanwhile; <see langword="null"/> for
    /// the default times.
    /// </summary>
    public HolderWait? HolderWait { get; init; }

    /// <summary>
    /// The program, with its first arguments, that writes kernel attributes for this process
    /// (<see cref="BindingHelper"/>). <see langword="null"/> for <c>/bin/sh</c>, which does not report why a write
    /// failed.
    /// </summary>
    public IReadOnlyList<string>? Helper { get; init; }

    /// <summary>Gets the host to change. By default, the running host.</summary>
    internal HostRoot Host { get; init; } = HostRoot.Default;

    /// <summary>
    /// Gets how the host is changed; <see langword="null"/> for the implementation that changes the running host.
    /// </summary>
    internal IHostChanges? Changes { get; init; }

    /// <summary>
    /// Gets how the host's files are changed; <see langword="null"/> for the implementation that changes the real
    /// files.
    /// </summary>
    internal IHostFiles? Files { get; init; }

    /// <summary>The clock.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// The bind to undo: a device that was bound again since then is left as it is, and so is the device's persistence.
    /// <see langword="null"/> to release a device whichever bind it comes from.
    /// </summary>
    internal JournalEntry? OnlyBind { get; init; }
}
