using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Describes a PCI device as sysfs reports it: a snapshot, taken without opening or waking the device.
/// </summary>
public sealed partial class PciDeviceInfo
{
    private PciDeviceInfo(HostRoot host, PciAddress address)
    {
        Host = host;
        Address = address;
    }

    /// <summary>Gets the host that it was read from.</summary>
    internal HostRoot Host { get; }

    /// <summary>Gets the device's address.</summary>
    public PciAddress Address { get; }

    /// <summary>Gets the vendor ID, at offset 0 of configuration space.</summary>
    public ushort VendorId { get; private init; }

    /// <summary>Gets the device ID, at offset 2 of configuration space.</summary>
    public ushort DeviceId { get; private init; }

    /// <summary>Gets the subsystem vendor ID; 0 if the device has none.</summary>
    public ushort SubsystemVendorId { get; private init; }

    /// <summary>Gets the subsystem ID; 0 if the device has none.</summary>
    public ushort SubsystemId { get; private init; }

    /// <summary>Gets the class, subclass and programming interface.</summary>
    public PciClassCode Class { get; private init; }

    /// <summary>
    /// Gets the driver that the device is bound to; <see langword="null"/> if it has none, or is just being unbound
    /// from it.
    /// </summary>
    public string? Driver { get; private init; }

    /// <summary>
    /// Gets the number of the device's IOMMU group; <see langword="null"/> if it is not behind an IOMMU.
    /// </summary>
    public int? IommuGroup { get; private init; }

    /// <summary>
    /// Gets whether the device is a bridge or port of any kind (base class 06h), which cannot be bound.
    /// </summary>
    public bool IsBridge => Class.BaseClass == PciClass.Bridge;

    /// <summary>
    /// Gets whether the device is bound to a VFIO driver: vfio-pci, or a variant driver. Linux 6.1 and later has a
    /// <c>vfio-dev</c> folder for such a device; on older kernels only the driver's name counts.
    /// </summary>
    public bool HasVfioDriver { get; private init; }

    internal const string VfioPciDriver = "vfio-pci";
    internal const string OverrideAttribute = "driver_override";
    private const string FunctionLink = "virtfn";

    internal string? VfioDriver => HasVfioDriver ? Driver : null;

    /// <summary>
    /// Gets whether programs may hold the device through VFIO, also while it has no driver: the kernel first removes
    /// the link to a driver, and then waits for those programs.
    /// </summary>
    internal bool MayBeHeldByVfio => HasVfioDriver || Driver is null;

    /// <summary>
    /// Gets whether its driver prevents the use of its group. Besides VFIO drivers, the kernel accepts no driver, and
    /// pcieport and pci-stub, which do no DMA.
    /// </summary>
    internal bool BlocksGroup => Driver is not (null or "pcieport" or "pci-stub") && !HasVfioDriver;

    /// <summary>
    /// Finds the driver that the kernel is just unbinding the device from: its link no longer exists, but <c>uevent</c>
    /// still names it.
    /// </summary>
    /// <param name="read">Reads an attribute, which some kernels block during the unbind.</param>
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
    /// Reads <c>driver_override</c>: the only driver that can be bound to the device; <see langword="null"/> if every
    /// driver that matches can.
    /// </summary>
    /// <remarks>Many kernels block this read while the device is being bound or unbound, possibly forever.</remarks>
    /// <returns>The name of the driver, or <see langword="null"/>.</returns>
    public string? GetDriverOverride() => ParseOverride(SysfsFile.Read(Attribute(OverrideAttribute)));

    internal static string? ParseOverride(string? text) => text is null or "(null)" or "" ? null : text;

    /// <summary>Reads whether the firmware used this device as the boot display (<c>boot_vga</c>).</summary>
    /// <returns>Whether it is the boot display.</returns>
    public bool IsBootDisplay() => SysfsFile.Read(Attribute("boot_vga")) == "1";

    /// <summary>Counts the virtual functions that are enabled, by their links (<c>virtfnN</c>).</summary>
    /// <remarks>
    /// This does not read <c>sriov_numvfs</c>, which the kernel blocks while the device is being changed, possibly
    /// forever.
    /// </remarks>
    /// <returns>The number; 0 if the device does not support SR-IOV.</returns>
    public int GetVirtualFunctionCount() =>
        Math.Min(SysfsFile.Names(Attribute("")).Count(IsFunctionLink), ushort.MaxValue);

    private static bool IsFunctionLink(string name) => name.StartsWith(FunctionLink, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(FunctionLink.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Reads the NUMA node that is nearest to the device (<c>numa_node</c>).</summary>
    /// <returns>The node; <see langword="null"/> if the firmware does not report it.</returns>
    public int? GetNumaNode() =>
        SysfsFile.ReadNumber(Attribute("numa_node")) is long and >= 0 and <= ushort.MaxValue and long node
            ? (int)node
            : null;

    /// <summary>
    /// Reads whether the kernel gave the device an IOMMU group although it is not behind an IOMMU
    /// (<c>vfio.enable_unsafe_noiommu_mode</c>): a program that opens it can access all memory of the host.
    /// </summary>
    /// <returns>Whether its group is such a group.</returns>
    public bool IsNoIommu() => SysfsFile.Read(Attribute("iommu_group/name")) == "vfio-noiommu";

    /// <summary>
    /// Reads the details that sysfs reports: link, power, slot, resets, resources, interrupts, virtual functions.
    /// </summary>
    /// <returns>A snapshot.</returns>
    public PciDeviceDetails GetDetails() => new(Host, this);

    /// <summary>
    /// Reads the first bytes of configuration space. May wake a suspended device. Root can read all of it, other users
    /// the first 64 bytes.
    /// </summary>
    /// <param name="buffer">The buffer to fill from offset 0.</param>
    /// <returns>The number of bytes that were read; 0 if none could be read.</returns>
    public int ReadConfig(Span<byte> buffer) => Math.Max(0, SysfsFile.ReadBytes(Attribute("config"), buffer));

    /// <summary>Returns the address, IDs and driver: <c>0000:00:14.3 8086:10d3 (e1000e)</c>.</summary>
    /// <returns>The text, in one line.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Address} {VendorId:x4}:{DeviceId:x4} ({Driver ?? "no driver"})");

    internal string Attribute(string name) => Path.Combine(Host.PciDevice(Address), name);

    /// <summary>Reads one device; <see langword="null"/> if there is none, or it disappeared meanwhile.</summary>
    internal static PciDeviceInfo? TryRead(HostRoot host, PciAddress address)
    {
        // modalias has the IDs and the class in one line that the kernel has cached, so the device is not woken. uevent
        // has the driver too, but some kernels (Debian's 6.1) block a read of it while the device is being bound or
        // unbound.
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
