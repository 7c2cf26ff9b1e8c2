namespace Vfio.Host;

/// <summary>
/// What a plan works with: the host, and how it is looked at, remembered and changed. What a plan looks at more than once, the processes and the file of persistent devices, is looked at
/// once; <see cref="Afresh"/> looks again.
/// </summary>
/// <remarks>Not thread-safe: a plan's own.</remarks>
internal sealed class HostContext
{
    private PersistentDevices? _persistent;
    private DeviceHolders? _holders;
    private DeviceSteps? _steps;

    private HostContext(HostRoot host, IHostChanges changes, IHostFiles files, HolderWait? patience, string? program, TimeProvider clock)
    {
        (Host, Changes, Files, Patience, Program, Clock) = (host, changes, files, patience, program, clock);
        Bus = new PciBus(host);
        Journal = new BindingJournal(host);
    }

    public HostRoot Host { get; }

    public PciBus Bus { get; }

    public BindingJournal Journal { get; }

    /// <summary>How the host is changed.</summary>
    public IHostChanges Changes { get; }

    /// <summary>How its files are changed.</summary>
    public IHostFiles Files { get; }

    /// <summary>How long the kernel and other programs may take for a change; <see langword="null"/> for the usual times.</summary>
    public HolderWait? Patience { get; }

    /// <summary>The program that udev and systemd are to call; <see langword="null"/> for the one that runs.</summary>
    public string? Program { get; }

    public TimeProvider Clock { get; }

    public CancellationToken Stop => Patience?.CancellationToken ?? CancellationToken.None;

    /// <summary>The devices that are persistent, as the file has them: read once.</summary>
    public PersistentDevices Persistent => _persistent ??= PersistentDevices.Read(Host);

    /// <summary>Who has what open: each process is examined once.</summary>
    public DeviceHolders Holders => _holders ??= DeviceHolders.Once(Host);

    /// <summary>The single steps. They know what has been noted and left alone, and so are the same ones for all of a plan.</summary>
    public DeviceSteps Steps => _steps ??= new DeviceSteps(this);

    public static HostContext For(BindOptions options) =>
        new(options.Host, options.Changes ?? new HostChanges(options.Helper), options.Files ?? new HostFiles(), options.HolderWait, options.Program, options.Clock);

    public static HostContext For(ReleaseOptions options) =>
        new(options.Host, options.Changes ?? new HostChanges(options.Helper), options.Files ?? new HostFiles(), options.HolderWait, program: null, options.Clock);

    /// <summary>The same host, looked at again.</summary>
    public HostContext Afresh() => new(Host, Changes, Files, Patience, Program, Clock);
}
