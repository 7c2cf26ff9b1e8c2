using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>Represents what sysfs shows about a device: a bind changes it, and the release restores it.</summary>
internal sealed record HostState(
    string? Driver, string Override, string? ResetMethods, string PowerControl, string Interfaces)
{
    private const string Devices = "/sys/bus/pci/devices";
    private const int Command = 4;
    private const byte BusMaster = 4;

    public static HostState Read(PciAddress address)
    {
        string folder = $"{Devices}/{address}";
        return new(
            Path.GetFileName(new FileInfo($"{folder}/driver").LinkTarget),
            File.ReadAllText($"{folder}/driver_override").Trim(),
            File.Exists($"{folder}/reset_method") ? File.ReadAllText($"{folder}/reset_method").Trim() : null,
            File.ReadAllText($"{folder}/power/control").Trim(),
            FindInterfaces(folder));
    }

    /// <summary>
    /// Returns whether the machine has an IOMMU: any group except those that VFIO creates for devices without one.
    /// </summary>
    public static bool HasIommu() => Directory.EnumerateDirectories("/sys/kernel/iommu_groups")
        .Select(group => $"{group}/name")
        .Any(name => !File.Exists(name) || File.ReadAllText(name).Trim() != "vfio-noiommu");

    public static bool IsBusMaster(PciAddress address)
    {
        string path = $"{Devices}/{address}/config";
        using FileStream config = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        config.Position = Command;
        return (config.ReadByte() & BusMaster) != 0;
    }

    // The interfaces of a virtio device belong to its child device.
    private static string FindInterfaces(string folder)
    {
        IEnumerable<string> parents = [folder, .. Directory.GetDirectories(folder, "virtio*")];
        return string.Join(' ', parents.Select(parent => $"{parent}/net").Where(Directory.Exists)
            .SelectMany(Directory.GetDirectories).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }
}
