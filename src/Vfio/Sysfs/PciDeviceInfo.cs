using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>A PCI device as sysfs describes it: a snapshot, made without opening the device or waking it.</summary>
public sealed partial class PciDeviceInfo
{
    private PciDeviceInfo(HostRoot host, PciAddress address)
    {
        Host = host;
        Address = address;
    }

    /// <summary>The host it was read from.</summary>
    internal HostRoot Host { get; }

    /// <summary>The device's address.</summary>
    public PciAddress Address { get; }

    /// <summary>The vendor id, offset 0 of configuration space.</summary>
    public ushort VendorId { get; private init; }

    /// <summary>The device id, offset 2 of configuration space.</summary>
    public ushort DeviceId { get; private init; }

    /// <summary>The subsystem's vendor id; 0 if the device has none.</summary>
    public ushort SubsystemVendorId { get; private init; }

    /// <summary>The subsystem id; 0 if the device has none.</summary>
    public ushort SubsystemId { get; private init; }

    /// <summary>Class, subclass and programming interface.</summary>
    public PciClassCode Class { get; private init; }

    /// <summary>
    /// Gets the driver that the device is bound to; <see langword="null"/> if it has none, or is just being unbound
    /// from it.
    /// </summary>
    public string? Driver { get; private init; }

    /// <summary>The number of the device's IOMMU group; <see langword="null"/> if no IOMMU is in front of it.</summary>
    public int? IommuGroup { get; private init; }

    /// <summary>
    /// Gets whether the device is a bridge or port of any kind (base class 06h): it stays with the kernel.
    /// </summary>
    public bool IsBridge => Class.BaseClass == PciClass.Bridge;

    /// <summary>
    /// Whether a VFIO driver has the device: vfio-pci or a variant of it (Linux lists those in the <c>vfio-dev</c>
    /// folder from 6.1 on; before, the driver's name is all there is).
    /// </summary>
    public bool HasVfioDriver { get; private init; }

    internal const string VfioPciDriver = "vfio-pci";
    internal const string OverrideAttribute = "driver_override";
    private const string FunctionLink = "virtfn";

    internal string? VfioDriver => HasVfioDriver ? Driver : null;

    /// <summary>
    /// Gets whether programs may hold it by VFIO: also while it has no driver, because the kernel removes the link to a
    /// driver first, and then waits for those programs.
    /// </summary>
    internal bool MayBeHeldByVfio => HasVfioDriver || Driver is null;

    /// <summary>
    /// Whether its driver keeps its group from being used. The kernel lets stand beside a VFIO driver: no driver, and
    /// the drivers that do no DMA of their own, pcieport and pci-stub.
    /// </summary>
    internal bool BlocksGroup => Driver is not (null or "pcieport" or "pci-stub") && !HasVfioDriver;

    /// <summary>
    /// Finds the driver that the kernel is just taking the device from: its link is gone, but <c>uevent</c> still names
    /// it.
    /// </summary>
    /// <param name="read">How to read an attribute; some kernels block it meanwhile.</param>
    internal string? FindDriverBeingLeft(Func<string, string?> read)
    {
        const string Key = "DRIVER=";
        return Driver is null
            && read(Attribute("uevent")) is string first
            && first.StartsWith(Key, StringComparison.Ordinal)
            && SysfsFile.ReadLinkName(Attribute("driver")) is null
            ? first[Key.Length..].Split('\n')[0] : null;
    }

    /// <summary>
    /// Reads <c>driver_override</c>: the only driver that may take the device; <see langword="null"/> if any may.
    /// </summary>
    /// <remarks>
    /// Many kernels block this while the device is being bound or unbound, without end if a program keeps them from
    /// that.
    /// </remarks>
    /// <returns>The driver's name or <see langword="null"/>.</returns>
    public string? GetDriverOverride() => ParseOverride(SysfsFile.Read(Attribute(OverrideAttribute)));

    internal static string? ParseOverride(string? text) => text is null or "(null)" or "" ? null : text;

    /// <summary>Gets whether the firmware showed its screen on this device (<c>boot_vga</c>).</summary>
    /// <returns>Whether it is the boot display.</returns>
    public bool IsBootDisplay() => SysfsFile.Read(Attribute("boot_vga")) == "1";

    /// <summary>Counts the virtual functions that are enabled, by their links (<c>virtfnN</c>).</summary>
    /// <remarks>
    /// Not by <c>sriov_numvfs</c>: the kernel blocks who reads that while a change of the device is under way, without
    /// end if that is.
    /// </remarks>
    /// <returns>The number; 0 if the device has no SR-IOV.</returns>
    public int GetVirtualFunctionCount() =>
        Math.Min(SysfsFile.Names(Attribute("")).Count(IsFunctionLink), ushort.MaxValue);

    private static bool IsFunctionLink(string name) => name.StartsWith(FunctionLink, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(FunctionLink.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Reads the memory node that the device is near to (<c>numa_node</c>).</summary>
    /// <returns>The node; <see langword="null"/> if the firmware names none.</returns>
    public int? GetNumaNode() =>
        SysfsFile.ReadNumber(Attribute("numa_node")) is long and >= 0 and <= ushort.MaxValue and long node
            ? (int)node
            : null;

    /// <summary>
    /// Gets whether the kernel gave the device an IOMMU group although there is no IOMMU in front of it
    /// (<c>vfio.enable_unsafe_noiommu_mode</c>): a program that opens it can reach all memory of the host.
    /// </summary>
    /// <returns>Whether its group is one of those.</returns>
    public bool IsNoIommu() => SysfsFile.Read(Attribute("iommu_group/name")) == "vfio-noiommu";

    /// <summary>Reads all else that sysfs says: link, power, slot, resets, resources, interrupts, functions.</summary>
    /// <returns>A snapshot.</returns>
    public PciDeviceDetails GetDetails() => new(Host, this);

    /// <summary>
    /// Reads the first bytes of configuration space. May wake a sleeping device; root sees all, others 64 bytes.
    /// </summary>
    /// <param name="buffer">Filled from offset 0.</param>
    /// <returns>The number of bytes that were read; 0 if none could be.</returns>
    public int ReadConfig(Span<byte> buffer) => Math.Max(0, SysfsFile.ReadBytes(Attribute("config"), buffer));

    /// <summary>Address, ids and driver: <c>0000:00:14.3 8086:10d3 (e1000e)</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Address} {VendorId:x4}:{DeviceId:x4} ({Driver ?? "no driver"})");

    internal string Attribute(string name) => Path.Combine(Host.PciDevice(Address), name);

    /// <summary>Reads one device; <see langword="null"/> if there is none, or it disappeared meanwhile.</summary>
    internal static PciDeviceInfo? TryRead(HostRoot host, PciAddress address)
    {
        // modalias has ids and class in one line, cached by the kernel: the device is not woken. uevent has the driver
        // too, but some kernels (Debian's 6.1) block who reads that while the device is being bound or unbound.
        string folder = host.PciDevice(address);
        if (SysfsFile.Read(Path.Combine(folder, "modalias")) is not string modalias)
        {
            return null;
        }

        string? driver = SysfsFile.ReadLinkName(Path.Combine(folder, "driver"));
        return new PciDeviceInfo(host, address)
        {
            VendorId = (ushort)Field(modalias, "pci:v", 8),
            DeviceId = (ushort)Field(modalias, "d", 8),
            SubsystemVendorId = (ushort)Field(modalias, "sv", 8),
            SubsystemId = (ushort)Field(modalias, "sd", 8),
            Class = new PciClassCode(
                (Field(modalias, "bc", 2) << 16) | (Field(modalias, "sc", 2) << 8) | Field(modalias, "i", 2)),
            Driver = driver,
            HasVfioDriver = driver is not null
                && (driver.Contains("vfio", StringComparison.Ordinal)
                    || Directory.Exists(Path.Combine(folder, "vfio-dev"))),
            IommuGroup = int.TryParse(
                SysfsFile.ReadLinkName(Path.Combine(folder, "iommu_group")),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out int group)
                ? group
                : null,
        };
    }

    // "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00": names in lower case, hexadecimal digits in upper case. 0
    // if the text has another form.
    private static uint Field(string modalias, string name, int digits)
    {
        for (int at = modalias.IndexOf(name, StringComparison.Ordinal);
            at >= 0;
            at = modalias.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            bool isWhole = at == 0
                || char.IsAsciiHexDigitUpper(modalias[at - 1])
                || char.IsAsciiDigit(modalias[at - 1]);
            if (isWhole && at + name.Length + digits <= modalias.Length
                && uint.TryParse(
                    modalias.AsSpan(at + name.Length, digits),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out uint value))
            {
                return value;
            }
        }

        return 0;
    }
}
