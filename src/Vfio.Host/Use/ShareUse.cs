using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Finds virtio devices that carry a file system of the hypervisor (9p, virtiofs) or the console. Whether such a share
/// is mounted cannot be seen reliably, because it may be below an overlay or in another namespace. So it counts as in
/// use if a driver is bound to it.
/// </summary>
internal sealed class ShareUse
{
    private readonly List<(PciAddress Device, DeviceUse Use)> _uses = [];

    public ShareUse(HostRoot host)
    {
        string folder = host.Combine("sys/bus/virtio/devices");
        bool isConsole = (SysfsFile.Read(host.Combine("sys/class/tty/console/active")) ?? "")
            .Contains("hvc", StringComparison.Ordinal);
        foreach (string name in SysfsFile.Names(folder))
        {
            if (SysfsFile.ReadLink(Path.Combine(folder, name)) is not string link
                || DevicePath.Nearest(link) is not PciAddress owner)
            {
                continue;
            }

            DeviceUse? use = SysfsFile.ReadLinkName(Path.Combine(folder, name, "driver")) switch
            {
                "9pnet_virtio" => new DeviceUse(
                    RefusalReason.Mounted,
                    $"it carries the 9p share {SysfsFile.Read(Path.Combine(folder, name, "mount_tag"))}, "
                    + $"which may be mounted"),
                "virtiofs" => new DeviceUse(RefusalReason.Mounted, "it carries a virtiofs share, which may be mounted"),
                "virtio_console" when isConsole =>
                    new DeviceUse(RefusalReason.Console, "it carries the system console"),
                _ => null,
            };
            if (use is not null)
            {
                _uses.Add((owner, use));
            }
        }
    }

    public IEnumerable<DeviceUse> Of(PciAddress device) => _uses.Where(item => item.Device == device)
        .Select(item => item.Use);
}
