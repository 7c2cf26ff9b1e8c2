using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The overrides of driverctl: the driver to which it binds a device at every boot and hot-plug, one file per device in
/// <c>/etc/driverctl.d</c>. They are only read, never written.
/// </summary>
internal sealed class DriverctlOverrides
{
    private const int MaxNameLength = 64;

    private readonly string _folder;

    /// <summary>Creates an instance for the running host.</summary>
    public DriverctlOverrides()
        : this(HostRoot.Default)
    {
    }

    /// <summary>Creates an instance for a given host.</summary>
    /// <param name="host">Where its <c>/etc</c> is.</param>
    public DriverctlOverrides(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _folder = host.Combine("etc/driverctl.d");
    }

    /// <summary>Finds the driver to which driverctl binds a device.</summary>
    /// <param name="address">The device.</param>
    /// <returns>
    /// The driver's name, <c>none</c> for no driver; <see langword="null"/> if driverctl has no override for the
    /// device.
    /// </returns>
    public string? Find(PciAddress address)
    {
        // driverctl ignores an empty file too.
        string name = SysfsFile.Read(PathOf(address))?.Trim() ?? "";
        return name.Length is 0 or > MaxNameLength
            || name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '/')
            ? null
            : name;
    }

    /// <summary>
    /// Describes what the override means for a device that is released, one sentence; <see langword="null"/> if it does
    /// not name a VFIO driver.
    /// </summary>
    internal string? DescribeClaim(PciAddress address) =>
        Find(address) is string driver && driver.Contains("vfio", StringComparison.Ordinal)
            ? $"driverctl will bind it to {driver} again at the next boot (to stop that: driverctl "
                + $"unset-override {address})"
            : null;

    /// <summary>
    /// Gets the path of a device's file, whether or not it exists. It is named after bus and address; early versions
    /// named it after the address only.
    /// </summary>
    internal string PathOf(PciAddress address)
    {
        string named = Path.Combine(_folder, $"pci-{address}");
        string early = Path.Combine(_folder, address.ToString());
        return !File.Exists(named) && File.Exists(early) ? early : named;
    }
}
