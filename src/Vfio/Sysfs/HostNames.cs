using Vfio.Pci;

namespace Vfio;

/// <summary>
/// What the host calls its PCI devices: by their network interfaces (<c>eth0</c>, alternative names of up to 15 bytes too), disks and partitions (<c>nvme0n1</c>,
/// <c>sda1</c>), NVMe controllers (<c>nvme0</c>) and graphics cards (<c>card0</c>).
/// </summary>
/// <remarks>Each call looks afresh, into <c>/sys/class</c> alone. Any thread.</remarks>
internal sealed class HostNames
{
    /// <summary>The longest name that is looked for; Linux's own limits are 15 (interfaces) and 31 (disks) characters.</summary>
    public const int MaxLength = 64;

    private static readonly string[] Classes = ["net", "block", "nvme", "drm"];

    // What the journal does not keep in lists of their own.
    private static readonly string[] OtherClasses = ["nvme", "drm"];

    private readonly HostRoot _host;

    /// <summary>The names of a host whose files are somewhere else.</summary>
    /// <param name="host">Where its <c>/sys</c> is.</param>
    public HostNames(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
    }

    /// <summary>Whether a text can be such a name at all. What cannot is never made part of a path.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>Whether it has 1 to <see cref="MaxLength"/> characters, none of them a slash, white space or a control, and is not <c>.</c> or <c>..</c></returns>
    public static bool IsName(string? text) =>
        text is { Length: > 0 and <= MaxLength } and not ("." or "..") && !text.Any(c => c == '/' || char.IsControl(c) || char.IsWhiteSpace(c));

    /// <summary>The PCI devices that a name stands for.</summary>
    /// <param name="name">The name, from anybody.</param>
    /// <returns>
    /// Their addresses, sorted: one as a rule; several where a disk is reached through more than one controller, or where two
    /// classes have the name; none where no PCI device has it.
    /// </returns>
    public IReadOnlyList<PciAddress> Find(string name)
    {
        if (!IsName(name))
        {
            return [];
        }

        PciAddress[] found = [.. Classes.SelectMany(kind => DevicePath.OwnersOf(PathOf(kind, name))).Distinct().Order()];
        // Alternative names of interfaces are not in sysfs.
        return found.Length == 0 && _host.IsRunningHost && InterfaceName.Find(name) is string main && IsName(main) ? DevicePath.OwnersOf(PathOf("net", main)) : found;
    }

    /// <summary>Whether the host has something of this name that stands on no PCI device: a bridge, a tunnel, a loop device.</summary>
    /// <param name="name">The name, from anybody.</param>
    /// <returns>Whether there is such a thing.</returns>
    public bool IsVirtual(string name) => IsName(name) && Find(name).Count == 0 && Classes.Any(kind => SysfsFile.ReadLink(PathOf(kind, name)) is not null);

    /// <summary>Every name of every PCI device.</summary>
    /// <returns>A snapshot, sorted by address and name.</returns>
    public IReadOnlyList<HostName> GetAll() =>
        [.. Classes.SelectMany(kind => new ClassDevices(_host, kind).All)
            .Where(item => !IsConnector(item.Name))
            .Select(item => new HostName(item.Name, item.Address))
            .Distinct()
            .OrderBy(item => item.Device)
            .ThenBy(item => item.Name, StringComparer.Ordinal)];

    /// <summary>A device's names that are neither interface nor disk.</summary>
    public IReadOnlyList<string> OtherNames(PciAddress device) =>
        [.. OtherClasses.SelectMany(kind => new ClassDevices(_host, kind).On(device)).Where(name => !IsConnector(name))];

    // "card0-HDMI-A-1", and the second node of each card.
    private static bool IsConnector(string name) =>
        name.StartsWith("card", StringComparison.Ordinal) && name.Contains('-') || name.StartsWith("renderD", StringComparison.Ordinal);

    private string PathOf(string className, string name) => _host.Combine($"sys/class/{className}/{name}");
}

/// <summary>A name that the host has for a PCI device.</summary>
internal readonly record struct HostName
{
    /// <summary>Creates a value.</summary>
    /// <param name="name">The interface's, disk's, controller's or card's name.</param>
    /// <param name="device">The device it stands on.</param>
    public HostName(string name, PciAddress device)
    {
        Name = name;
        Device = device;
    }

    /// <summary>The interface's, disk's, controller's or card's name.</summary>
    public string Name { get; init; }

    /// <summary>The device it stands on.</summary>
    public PciAddress Device { get; init; }
}
