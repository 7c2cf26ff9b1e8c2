using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Describes a mediated device (mdev) as sysfs reports it: a device that a driver of the host implements in software,
/// often as a part of a real one, and that programs use through VFIO. A snapshot, taken without opening the device.
/// </summary>
/// <remarks>
/// This library does not create or remove mediated devices: write a UUID to <c>create</c> of a type, or <c>1</c> to
/// <c>remove</c> of the device.
/// </remarks>
public sealed class MediatedDevice : IHostDevice
{
    private const string Bus = "sys/bus/mdev/devices";
    private const string Devices = "/sys/devices/";
    private const int MostNameCharacters = 128;

    private readonly HostRoot _host;

    private MediatedDevice(HostRoot host, Guid id, string path)
    {
        _host = host;
        Id = id;
        SysfsPath = path;
        Parent = Printable(Path.GetFileName(Path.GetDirectoryName(path))) ?? "";
        ParentAddress = PciAddress.TryParse(Parent, out PciAddress address) ? address : null;
        Driver = Printable(SysfsFile.ReadLinkName(Attribute("driver")));
        TypeId = Printable(SysfsFile.ReadLinkName(Attribute("mdev_type")));
        TypeName = Printable(SysfsFile.Read(Attribute("mdev_type/name")));
        DeviceApi = Printable(SysfsFile.Read(Attribute("mdev_type/device_api")));
        IommuGroup = int.TryParse(
            SysfsFile.ReadLinkName(Attribute("iommu_group")),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int group)
            ? group
            : null;
    }

    /// <summary>Gets the UUID, which was chosen when the device was created.</summary>
    public Guid Id { get; }

    /// <summary>Gets its folder in sysfs, without links: <c>/sys/devices/virtual/mtty/mtty/UUID</c>.</summary>
    public string SysfsPath { get; }

    /// <summary>
    /// Gets the name of the device that it was created from: a PCI address, or the name that the driver uses.
    /// </summary>
    public string Parent { get; }

    /// <summary>
    /// Gets the PCI device that it was created from; <see langword="null"/> if its parent is not a PCI device.
    /// </summary>
    public PciAddress? ParentAddress { get; }

    /// <summary>Gets the driver that the device is bound to; <see langword="null"/> if it has none.</summary>
    public string? Driver { get; }

    /// <summary>Gets the type that it was created as, which is the name of a folder: <c>mtty-2</c>.</summary>
    public string? TypeId { get; }

    /// <summary>
    /// Gets the descriptive name of the type: <c>Dual port serial</c>; <see langword="null"/> if it has none.
    /// </summary>
    public string? TypeName { get; }

    /// <summary>
    /// Gets what kind of VFIO device it is (this library opens <c>vfio-pci</c>); <see langword="null"/> if sysfs does
    /// not report it.
    /// </summary>
    public string? DeviceApi { get; }

    /// <summary>
    /// Gets the number of its IOMMU group, which contains no other device; <see langword="null"/> if it is not bound to
    /// a VFIO driver.
    /// </summary>
    public int? IommuGroup { get; }

    string IHostDevice.Name => Name(Id);

    string IHostDevice.HowToTake => $"check its driver: ls -l /{Bus}/{Name(Id)}/driver";

    /// <summary>Gets all mediated devices of the host, by UUID.</summary>
    /// <returns>A snapshot; empty if the kernel has none.</returns>
    public static IReadOnlyList<MediatedDevice> GetAll() => GetAll(HostRoot.Default);

    /// <summary>Finds a mediated device.</summary>
    /// <param name="id">The UUID of the device.</param>
    /// <returns>The device; <see langword="null"/> if there is none.</returns>
    public static MediatedDevice? Find(Guid id) => Find(id, HostRoot.Default);

    internal static IReadOnlyList<MediatedDevice> GetAll(HostRoot host) =>
        [.. SysfsFile.Names(host.Combine(Bus))
            .Select(name => TryParse(name, out Guid id) ? Find(id, host) : null)
            .OfType<MediatedDevice>()];

    internal static MediatedDevice? Find(Guid id, HostRoot host)
    {
        string? path = Vfio.SysfsPath.Resolve(host, $"/{Bus}/{Name(id)}");
        return path is not null
            && path.StartsWith(Devices, StringComparison.Ordinal)
            && Path.GetFileName(path) == Name(id)
            && Directory.Exists(host.Combine(path[1..]))
            ? new MediatedDevice(host, id, path)
            : null;
    }

    /// <summary>
    /// Returns the UUID, type and driver: <c>83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 mtty-2 of mtty (mtty)</c>.
    /// </summary>
    /// <returns>The text, in one line.</returns>
    public override string ToString() => $"{Name(Id)} {TypeId ?? "?"} of {Parent} ({Driver ?? "no driver"})";

    string IHostDevice.Attribute(string name) => Attribute(name);

    string IHostDevice.HowToShare(string node) => $"sudo chown $USER {node}";

    /// <summary>Gets a mediated device that must exist.</summary>
    internal static MediatedDevice Get(Guid id, HostRoot host) => Find(id, host) ?? throw NotThere(Name(id), host);

    /// <summary>Gets the device that a path in sysfs leads to.</summary>
    internal static MediatedDevice Get(string path, HostRoot host)
    {
        string shown = Printable(path) ?? "";
        string? place = Vfio.SysfsPath.Resolve(host, path);
        if (place is null
            || !TryParse(Path.GetFileName(place), out Guid id)
            || !place.StartsWith(Devices, StringComparison.Ordinal))
        {
            throw place is not null
                && TryParse(Path.GetFileName(place), out _)
                && place.StartsWith($"/{Bus}/", StringComparison.Ordinal)
                ? NotThere(shown, host)
                : new VfioException("open", shown, "it does not lead to a mediated device", $"/{Bus}/UUID does");
        }

        return Find(id, host) is MediatedDevice device && device.SysfsPath == place
            ? device
            : throw NotThere(shown, host);
    }

    /// <summary>Formats the UUID as the kernel does: in lower case, with hyphens.</summary>
    internal static string Name(Guid id) => id.ToString("D");

    private static bool TryParse(string? name, out Guid id) =>
        Guid.TryParseExact(name, "D", out id) && Name(id) == name;

    private static VfioException NotThere(string what, HostRoot host)
    {
        bool hasBus = Directory.Exists(host.Combine(Bus));
        bool hasParents = SysfsFile.Names(host.Combine("sys/class/mdev_bus")).Length != 0;
        return new VfioException("open", what, "no mediated device has this UUID", (hasBus, hasParents) switch
        {
            (false, _) => "the kernel's mediated devices are not loaded: modprobe mdev, and the driver that makes "
                + "them; or not built (CONFIG_VFIO_MDEV)",
            (_, false) => "no driver that makes mediated devices is loaded: modprobe it, then write the UUID "
                + "to create of one of its types",
            _ => "make it first: echo UUID | sudo tee /sys/class/mdev_bus/PARENT/mdev_supported_types/TYPE/create",
        });
    }

    private string Attribute(string name) => _host.Combine($"{SysfsPath[1..]}/{name}");

    // A driver chooses its names, and a caller passes the path: they must not control a terminal or flood it.
    private static string? Printable(string? text) =>
        text is null or ""
            ? null
            : string.Concat(text.Take(MostNameCharacters).Select(c => char.IsControl(c) ? '?' : c));
}
