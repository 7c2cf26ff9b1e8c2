using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Finds PCI devices by the names that the host has for them: those of network interfaces (<c>eth0</c>, including
/// alternative names of up to 15 bytes), disks and partitions (<c>nvme0n1</c>, <c>sda1</c>), NVMe controllers
/// (<c>nvme0</c>) and graphics cards (<c>card0</c>).
/// </summary>
/// <remarks>Each call reads only <c>/sys/class</c>, again. Thread-safe.</remarks>
internal sealed class HostNames
{
    /// <summary>The maximum length of a name. Linux allows 15 characters for interfaces and 31 for disks.</summary>
    public const int MaxLength = 64;

    private static readonly string[] Classes = ["net", "block", "nvme", "drm"];

    // Names that the journal does not have in a list for their kind.
    private static readonly string[] OtherClasses = ["nvme", "drm"];

    private readonly HostRoot _host;

    /// <summary>Creates an instance for a given host.</summary>
    /// <param name="host">The host.</param>
    public HostNames(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
    }

    /// <summary>Gets whether a text can be a name. Any other text is never made part of a path.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>
    /// Whether it has 1 to <see cref="MaxLength"/> characters, none of them a slash, white space or a control
    /// character, and is not <c>.</c> or <c>..</c>.
    /// </returns>
    public static bool IsName(string? text) =>
        text is { Length: > 0 and <= MaxLength } and not ("." or "..")
        && !text.Any(c => c == '/' || char.IsControl(c) || char.IsWhiteSpace(c));

    /// <summary>Finds the PCI devices with a name.</summary>
    /// <param name="name">The name; any text.</param>
    /// <returns>
    /// Their addresses, sorted: usually one; several if a disk has more than one controller, or if two classes have the
    /// name; none if no PCI device has it.
    /// </returns>
    public IReadOnlyList<PciAddress> Find(string name)
    {
        if (!IsName(name))
        {
            return [];
        }

        PciAddress[] found =
            [.. Classes.SelectMany(kind => DevicePath.OwnersOf(PathOf(kind, name))).Distinct().Order()];
        // Alternative names of interfaces are not in sysfs.
        return found.Length == 0 && _host.IsRunningHost && InterfaceName.Find(name) is string main && IsName(main)
            ? DevicePath.OwnersOf(PathOf("net", main))
            : found;
    }

    /// <summary>
    /// Gets whether a name belongs to a device that is not below a PCI device: a bridge, a tunnel, a loop device.
    /// </summary>
    /// <param name="name">The name; any text.</param>
    /// <returns>Whether it does.</returns>
    public bool IsVirtual(string name) => IsName(name)
        && Find(name).Count == 0
        && Classes.Any(kind => SysfsFile.ReadLink(PathOf(kind, name)) is not null);

    /// <summary>Gets every name of every PCI device.</summary>
    /// <returns>A snapshot, sorted by address and name.</returns>
    public IReadOnlyList<HostName> GetAll() =>
        [.. Classes.SelectMany(kind => new ClassDevices(_host, kind).All)
            .Where(item => !IsConnector(item.Name))
            .Select(item => new HostName(item.Name, item.Address))
            .Distinct()
            .OrderBy(item => item.Device)
            .ThenBy(item => item.Name, StringComparer.Ordinal)];

    /// <summary>Gets a device's names that are neither of an interface nor of a disk.</summary>
    public IReadOnlyList<string> OtherNames(PciAddress device) =>
        [.. OtherClasses.SelectMany(kind => new ClassDevices(_host, kind).On(device))
            .Where(name => !IsConnector(name))];

    // Skips connectors ("card0-HDMI-A-1") and the second node of each card.
    private static bool IsConnector(string name) =>
        name.StartsWith("card", StringComparison.Ordinal) && name.Contains('-')
        || name.StartsWith("renderD", StringComparison.Ordinal);

    private string PathOf(string className, string name) => _host.Combine($"sys/class/{className}/{name}");
}

/// <summary>Represents a name of a PCI device on the host.</summary>
internal readonly record struct HostName
{
    /// <summary>Creates a value.</summary>
    /// <param name="name">The name of the interface, disk, controller or card.</param>
    /// <param name="device">The PCI device that it belongs to.</param>
    public HostName(string name, PciAddress device)
    {
        Name = name;
        Device = device;
    }

    /// <summary>Gets the name of the interface, disk, controller or card.</summary>
    public string Name { get; init; }

    /// <summary>Gets the PCI device that it belongs to.</summary>
    public PciAddress Device { get; init; }
}
