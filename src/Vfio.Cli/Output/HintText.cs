using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Returns what a user of this tool can do about an error of the library, which does not know the tool.
/// </summary>
internal static class HintText
{
    private const string LookAtKernelLog = "the kernel log may tell more: dmesg | tail";

    // The errno values for missing permissions, as numbers of asm-generic.
    private const int EPERM = 1;
    private const int EACCES = 13;

    public static string For(VfioException error) => error.Reason switch
    {
        VfioErrorReason.DeviceNotFound => "vfio list shows the devices of this host",
        VfioErrorReason.NotBound when error.Device is string device
            && IsPci(device) => $"bind it first: vfio bind {device}",
        VfioErrorReason.GroupNotViable when error.Device is string device =>
            $"vfio bind --group {device} binds every endpoint of the group, or tells why it cannot",
        VfioErrorReason.AccessDenied when error.Device is string device
            && IsPci(device) => $"its node belongs to another user: sudo vfio bind --user $USER {device}",
        VfioErrorReason.IommufdDenied => $"only root and users of a bound device can open {error.Subject}: sudo vfio "
            + "bind --user $USER DEV; type1v2 needs only the node of the IOMMU group",
        VfioErrorReason.NoBroker =>
            "start the broker: systemctl start vfio-broker.socket, or vfio broker --socket PATH",
        VfioErrorReason.NotBoundForBroker => $"bind it first: sudo vfio bind --user vfio-broker {error.Device}",
        _ => error.Hint ?? General(error),
    };

    private static bool IsPci(string device) => PciAddress.TryParse(device, out _);

    private static string General(VfioException error) => error.Errno switch
    {
        EPERM or EACCES => "this needs root: sudo vfio …",
        0 => "vfio --help lists the commands, vfio COMMAND --help explains one",
        _ => LookAtKernelLog,
    };
}
