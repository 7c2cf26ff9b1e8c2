using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// What driverctl remembers: the driver that it gives a device to at every boot and plugging in, a file a device in <c>/etc/driverctl.d</c>. Only read, never written.
/// </summary>
internal sealed class DriverctlOverrides
{
    private const int MaxNameLength = 64;

    private readonly string _folder;

    /// <summary>The running host's.</summary>
    public DriverctlOverrides()
        : this(HostRoot.Default)
    {
    }

    /// <summary>Those of a host whose files are somewhere else.</summary>
    /// <param name="host">Where its <c>/etc</c> is.</param>
    public DriverctlOverrides(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _folder = host.Combine("etc/driverctl.d");
    }

    /// <summary>The driver that driverctl gives a device to.</summary>
    /// <param name="address">The device.</param>
    /// <returns>The driver's name, <c>none</c> for no driver; <see langword="null"/> where driverctl has nothing of it.</returns>
    public string? Find(PciAddress address)
    {
        // A file without a word counts for nothing with driverctl too.
        string name = SysfsFile.Read(PathOf(address))?.Trim() ?? "";
        return name.Length is 0 or > MaxNameLength || name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '/') ? null : name;
    }

    /// <summary>What it means for a device that is released, a sentence; <see langword="null"/> where driverctl gives it to no VFIO driver.</summary>
    internal string? DescribeClaim(PciAddress address) => Find(address) is string driver && driver.Contains("vfio", StringComparison.Ordinal)
        ? $"driverctl gives it to {driver} again at the next boot (driverctl unset-override {address})" : null;

    /// <summary>The file of a device, whether or not it is there: named by bus and address, by early versions by the address alone.</summary>
    internal string PathOf(PciAddress address)
    {
        string named = Path.Combine(_folder, $"pci-{address}");
        string early = Path.Combine(_folder, address.ToString());
        return !File.Exists(named) && File.Exists(early) ? early : named;
    }
}
