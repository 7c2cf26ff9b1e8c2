using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>Reads the PCI devices and IOMMU groups of a host from sysfs. It opens and wakes no device.</summary>
/// <remarks>Each call reads sysfs again. Thread-safe.</remarks>
public sealed class PciBus
{
    // Linux numbers groups by an int. A folder with more members than this is not a valid group.
    private const int MaxGroupMembers = 4096;

    /// <summary>Creates an instance for the running host.</summary>
    public PciBus()
        : this(HostRoot.Default)
    {
    }

    /// <summary>Creates an instance for a given host.</summary>
    /// <param name="host">The host.</param>
    internal PciBus(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        Host = host;
    }

    /// <summary>Gets where the host's files are.</summary>
    internal HostRoot Host { get; }

    /// <summary>Gets all devices, by address.</summary>
    /// <returns>A snapshot; empty on a host without PCI.</returns>
    public IReadOnlyList<PciDeviceInfo> GetDevices()
    {
        List<PciDeviceInfo> devices = [];
        foreach (string name in SysfsFile.Names(Host.Combine("sys/bus/pci/devices")))
        {
            if (PciAddress.TryParse(name, out PciAddress address)
                && PciDeviceInfo.TryRead(Host, address) is PciDeviceInfo device)
            {
                devices.Add(device);
            }
        }

        devices.Sort((left, right) => left.Address.CompareTo(right.Address));
        return devices;
    }

    /// <summary>Finds a device.</summary>
    /// <param name="address">The address of the device.</param>
    /// <returns>The device; <see langword="null"/> if the host has none at this address.</returns>
    public PciDeviceInfo? Find(PciAddress address) => PciDeviceInfo.TryRead(Host, address);

    /// <summary>Gets a device that must exist.</summary>
    /// <param name="address">The address of the device.</param>
    /// <returns>The device.</returns>
    /// <exception cref="VfioException">The host has no device at this address.</exception>
    public PciDeviceInfo Get(PciAddress address) => Find(address)
        ?? throw new VfioException(
            "look up",
            address.ToString(),
            "no PCI device has this address",
            "/sys/bus/pci/devices lists the devices of this host")
        {
            Reason = VfioErrorReason.DeviceNotFound,
            Device = address.ToString(),
        };

    /// <summary>Finds a device by its address or by a name that the host has for it.</summary>
    /// <param name="name">
    /// An address (<c>0000:00:14.3</c>, <c>00:14.3</c>), or the name of a network interface (<c>eth0</c>), a disk or
    /// partition (<c>nvme0n1</c>), an NVMe controller (<c>nvme0</c>) or a graphics card (<c>card0</c>) of the device. A
    /// device that is bound has lost such names with its driver.
    /// </param>
    /// <returns>The device; <see langword="null"/> if no PCI device has this name.</returns>
    /// <exception cref="VfioException">
    /// Several devices have this name, for example a disk with two controllers.
    /// </exception>
    public PciDeviceInfo? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (PciAddress.TryParse(name, out PciAddress address))
        {
            return Find(address);
        }

        IReadOnlyList<PciAddress> found = new HostNames(Host).Find(name);
        return found.Count switch
        {
            0 => null,
            1 => Find(found[0]),
            _ => throw new VfioException(
                "look up",
                name,
                $"{found.Count} devices have this name: {string.Join(", ", found)}",
                "use the address of the one that is meant"),
        };
    }

    /// <summary>Gets the IOMMU groups, by number.</summary>
    /// <returns>A snapshot; empty if no IOMMU is enabled.</returns>
    public IReadOnlyList<IommuGroup> GetGroups() =>
        [.. SysfsFile.Names(Host.Combine("sys/kernel/iommu_groups"))
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? number
                : -1)
            .Where(number => number >= 0)
            .Order()
            .Select(GetGroup)
            .OfType<IommuGroup>()];

    /// <summary>Gets an IOMMU group.</summary>
    /// <param name="number">The number of the group, as in <c>/dev/vfio/N</c>.</param>
    /// <returns>
    /// The group with its PCI devices; <see langword="null"/> if the host has no group with this number.
    /// </returns>
    public IommuGroup? GetGroup(int number)
    {
        string folder = Host.Combine($"sys/kernel/iommu_groups/{number}");
        if (!Directory.Exists(folder))
        {
            return null;
        }

        List<PciDeviceInfo> members = [];
        foreach (string name in SysfsFile.Names(Path.Combine(folder, "devices")).Take(MaxGroupMembers))
        {
            if (PciAddress.TryParse(name, out PciAddress address) && Find(address) is PciDeviceInfo device)
            {
                members.Add(device);
            }
        }

        members.Sort((left, right) => left.Address.CompareTo(right.Address));
        return new IommuGroup(number, SysfsFile.Read(Path.Combine(folder, "type")), members);
    }
}
