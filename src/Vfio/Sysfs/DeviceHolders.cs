using System.Globalization;

namespace Vfio;

/// <summary>Represents a process that has a device, its group or its disk open.</summary>
public sealed record DeviceHolder
{
    /// <summary>Gets the ID of the process.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Gets its command name (<c>comm</c>), without control characters.</summary>
    public required string Command { get; init; }

    /// <summary>
    /// Gets the user that the process runs as (the real user ID); <see langword="null"/> if it cannot be read, because
    /// the process is just ending.
    /// </summary>
    public required uint? UserId { get; init; }

    /// <summary>Gets that user's name; the number if it has none, or <c>unknown</c>.</summary>
    public required string UserName { get; init; }

    /// <summary>
    /// Gets what the process has open, as the end of a sentence about it: <c>has /dev/snd/controlC0 open</c>.
    /// </summary>
    public string Description { get; init; } = "has it open";

    /// <summary>
    /// Gets whether the process holds this device; if not, it holds some VFIO device, and the kernel does not say
    /// which.
    /// </summary>
    internal bool IsCertain { get; init; } = true;

    /// <summary>Returns the holder in one line: <c>pid 4711 (qemu, user alice)</c>.</summary>
    /// <returns>The process, command and user.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"pid {ProcessId} ({Command}, user {UserName})");
}

/// <summary>
/// Finds the processes that have a device open or mapped, from their descriptors and mappings. It sees what the caller
/// may see: root sees all processes, other users see their own processes, without their mappings.
/// </summary>
/// <remarks>Each call reads <c>/proc</c> again. Thread-safe.</remarks>
public sealed class DeviceHolders
{
    private readonly HostRoot _host;
    private readonly bool _looksOnce;
    private OpenFiles? _files;

    /// <summary>Creates an instance for the processes of the running host.</summary>
    public DeviceHolders()
        : this(HostRoot.Default)
    {
    }

    /// <summary>Creates an instance for the processes of a given host.</summary>
    /// <param name="host">The host.</param>
    internal DeviceHolders(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
    }

    private DeviceHolders(HostRoot host, bool looksOnce)
        : this(host) => _looksOnce = looksOnce;

    /// <summary>Gets how often the processes were searched.</summary>
    internal int Looks { get; private set; }

    private OpenFiles Files => _looksOnce ? _files ??= Look() : Look();

    /// <summary>
    /// Creates an instance that examines the processes once, at the first call, and answers all calls from that. Not
    /// thread-safe.
    /// </summary>
    internal static DeviceHolders Once(HostRoot host) => new(host, looksOnce: true);

    /// <summary>Finds the processes that have the IOMMU group open.</summary>
    internal IReadOnlyList<DeviceHolder> OfGroup(int group) =>
        new HolderSearch(_host, [NodeOfGroup(group)], vfioDevice: null).Run(Files).Holders;

    /// <summary>
    /// Finds the processes that have a device open or mapped: through its group or its own node, or its regions in
    /// sysfs.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <returns>
    /// The processes; none if no process holds the device, or only processes that the caller may not examine.
    /// </returns>
    public IReadOnlyList<DeviceHolder> GetHolders(PciDeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return GetHolders((IHostDevice)device);
    }

    /// <summary>
    /// Finds the holders of a device, the possible holders, and the processes that cannot be examined.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <returns>The processes that the caller may see.</returns>
    public HolderReport Search(PciDeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Search((IHostDevice)device);
    }

    /// <summary>Finds the processes that hold a device of any kind.</summary>
    internal IReadOnlyList<DeviceHolder> GetHolders(IHostDevice device) => Search(device).Holders;

    /// <summary>
    /// Finds the holders of a device that is bound to a VFIO driver, the possible holders, and the processes that
    /// cannot be examined.
    /// </summary>
    internal HolderReport Search(IHostDevice device) =>
        new HolderSearch(_host, FilesOf(device), device.Name).Run(Files);

    /// <summary>Finds the processes that have one of these files open or mapped.</summary>
    internal HolderReport Search(IReadOnlyCollection<UsedFile> files) =>
        new HolderSearch(_host, files, vfioDevice: null).Run(Files);

    /// <summary>Describes a process as a holder; null if it does not exist.</summary>
    internal DeviceHolder? OfProcess(int process)
    {
        string folder = _host.Combine($"proc/{process}");
        return Directory.Exists(folder) ? HolderNames.Describe(folder, process) : null;
    }

    private List<UsedFile> FilesOf(IHostDevice device) =>
    [
        .. device is PciDeviceInfo pci ? UsedFiles.Below(_host, pci)
            : SysfsFile.Names(device.Attribute("vfio-dev")).Select(name => new UsedFile(
                $"/dev/vfio/devices/{name}",
                "vfio-dev",
                device.Attribute($"vfio-dev/{name}"),
                FileIdentity.OfNode(SysfsFile.Read(device.Attribute($"vfio-dev/{name}/dev")), isBlock: false))),
        .. device.IommuGroup is int group ? (UsedFile[])[NodeOfGroup(group)] : [],
    ];

    private OpenFiles Look()
    {
        Looks++;
        return OpenFiles.Read(_host);
    }

    // A group without an IOMMU has another name in /dev than in sysfs.
    private UsedFile NodeOfGroup(int group)
    {
        string[] names = [$"{group}", $"noiommu-{group}"];
        string? name = Array.Find(names, name => Directory.Exists(_host.Combine($"sys/class/vfio/{name}")));
        string folder = $"sys/class/vfio/{name ?? names[0]}";
        return new UsedFile(
            $"/dev/vfio/{name ?? names[0]}",
            "vfio",
            $"/{folder}",
            FileIdentity.OfNode(SysfsFile.Read(_host.Combine($"{folder}/dev")), isBlock: false));
    }
}
