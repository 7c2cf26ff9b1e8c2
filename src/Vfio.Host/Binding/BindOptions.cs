namespace Vfio.Host;

/// <summary>How devices are taken.</summary>
public sealed record BindOptions
{
    /// <summary>Whether to take every endpoint of the devices' IOMMU groups, not only the devices named.</summary>
    public bool WholeGroup { get; init; }

    /// <summary>The user, by name or number, who may open the devices without being root; <see langword="null"/> for root alone.</summary>
    public string? User { get; init; }

    /// <summary>
    /// The VFIO driver: vfio-pci, or one that is made for the device (the kernel's modules list them by <c>vfio_pci:</c> aliases), which can do more, such as migration.
    /// <see langword="null"/> for vfio-pci.
    /// </summary>
    public string? Driver { get; init; }

    /// <summary>Whether to take devices that are in use, where that is possible at all.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Whether to take devices that have no IOMMU in front of them: whoever opens one can reach all memory of the host. The kernel has to be in its mode for that
    /// (<c>vfio.enable_unsafe_noiommu_mode</c>), and is tainted from then on.
    /// </summary>
    public bool NoIommu { get; init; }

    /// <summary>
    /// Whether to refuse what is taken already, by another program that still runs or not for <see cref="User"/>. What was taken before for this user stays as it is;
    /// without this, it is given to <see cref="User"/>.
    /// </summary>
    public bool Exclusive { get; init; }

    /// <summary>
    /// Whether the devices are taken again after every reboot and plugging in, until they are handed back: by files in <c>/etc</c> through which udev and systemd call the program that
    /// this process runs, which therefore has to be the tool <c>vfio</c>, where only root can change it.
    /// </summary>
    public bool Persist { get; init; }

    /// <summary>How long other programs and the kernel may take, and what happens meanwhile; <see langword="null"/> for the usual times.</summary>
    public HolderWait? HolderWait { get; init; }

    /// <summary>
    /// The program and its first arguments that write kernel attributes for this process (<see cref="BindingHelper"/>); <see langword="null"/> for <c>/bin/sh</c>, which
    /// does not know why a write failed.
    /// </summary>
    public IReadOnlyList<string>? Helper { get; init; }

    /// <summary>The host.</summary>
    internal HostRoot Host { get; init; } = HostRoot.Default;

    /// <summary>How the host is changed; <see langword="null"/> for the real way.</summary>
    internal IHostChanges? Changes { get; init; }

    /// <summary>How its files are changed; <see langword="null"/> for the real way.</summary>
    internal IHostFiles? Files { get; init; }

    /// <summary>The program that udev and systemd are to call; <see langword="null"/> for the one that runs.</summary>
    internal string? Program { get; init; }

    /// <summary>What the time is.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>How devices are handed back.</summary>
public sealed record ReleaseOptions
{
    /// <summary>
    /// Whether to go on where a program still holds the device (a child process then waits in the kernel for that program, and the kernel asks
    /// the program for the device, <see cref="IrqIndex.Request"/>), and where the journal's entry is damaged (the device then goes to the driver that the kernel chooses). A device that something else gave to a VFIO driver is handed back only with it, by name.
    /// </summary>
    public bool Force { get; init; }

    /// <summary>How long other programs and the kernel may take, and what happens meanwhile; <see langword="null"/> for the usual times.</summary>
    public HolderWait? HolderWait { get; init; }

    /// <summary>
    /// The program and its first arguments that write kernel attributes for this process (<see cref="BindingHelper"/>); <see langword="null"/> for <c>/bin/sh</c>, which
    /// does not know why a write failed.
    /// </summary>
    public IReadOnlyList<string>? Helper { get; init; }

    /// <summary>The host.</summary>
    internal HostRoot Host { get; init; } = HostRoot.Default;

    /// <summary>How the host is changed; <see langword="null"/> for the real way.</summary>
    internal IHostChanges? Changes { get; init; }

    /// <summary>How its files are changed; <see langword="null"/> for the real way.</summary>
    internal IHostFiles? Files { get; init; }

    /// <summary>What the time is.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Hands back only what was taken then, and leaves its persistence alone; <see langword="null"/> for whatever is taken now.</summary>
    internal JournalEntry? Taking { get; init; }
}
