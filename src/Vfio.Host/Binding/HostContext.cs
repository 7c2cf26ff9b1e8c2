namespace Vfio.Host;

/// <summary>
/// The context of a plan: the host, its journal, and the ways to read and change it. Processes and the file of
/// persistent devices are read once and kept; <see cref="Reread"/> makes a context that reads them again.
/// </summary>
/// <remarks>Not thread-safe: each plan has its own.</remarks>
internal sealed class HostContext
{
    private PersistentDevices? _persistent;
    private DeviceHolders? _holders;
    private DeviceSteps? _steps;

    private HostContext(
        HostRoot host,
        IHostChanges changes,
        IHostFiles files,
        HolderWait? patience,
        string? program,
        TimeProvider clock)
    {
        (Host, Changes, Files, Patience, Program, Clock) = (host, changes, files, patience, program, clock);
        Bus = new PciBus(host);
        Journal = new BindingJournal(host);
    }

    public HostRoot Host { get; }

    public PciBus Bus { get; }

    public BindingJournal Journal { get; }

    /// <summary>Gets how the host is changed.</summary>
    public IHostChanges Changes { get; }

    /// <summary>Gets how the host's files are changed.</summary>
    public IHostFiles Files { get; }

    /// <summary>
    /// Gets how long the kernel and other programs may take for a change; <see langword="null"/> for the default times.
    /// </summary>
    public HolderWait? Patience { get; }

    /// <summary>
    /// Gets the program that udev and systemd are to run; <see langword="null"/> for the program of this process.
    /// </summary>
    public string? Program { get; }

    public TimeProvider Clock { get; }

    public CancellationToken Stop => Patience?.CancellationToken ?? CancellationToken.None;

    /// <summary>Gets the persistent devices. The file is read once.</summary>
    public PersistentDevices Persistent => _persistent ??= PersistentDevices.Read(Host);

    /// <summary>Gets the holders of devices. Each process is examined once.</summary>
    public DeviceHolders Holders => _holders ??= DeviceHolders.Once(Host);

    /// <summary>
    /// Gets the maker of steps. All steps of a plan share it, because it keeps what was recorded and skipped.
    /// </summary>
    public DeviceSteps Steps => _steps ??= new DeviceSteps(this);

    public static HostContext For(BindOptions options) =>
        new(
            options.Host,
            options.Changes ?? new HostChanges(options.Helper),
            options.Files ?? new HostFiles(),
            options.HolderWait,
            options.Program,
            options.Clock);

    public static HostContext For(ReleaseOptions options) =>
        new(
            options.Host,
            options.Changes ?? new HostChanges(options.Helper),
            options.Files ?? new HostFiles(),
            options.HolderWait,
            program: null,
            options.Clock);

    /// <summary>Makes a context for the same host that reads everything again.</summary>
    public HostContext Reread() => new(Host, Changes, Files, Patience, Program, Clock);
}
