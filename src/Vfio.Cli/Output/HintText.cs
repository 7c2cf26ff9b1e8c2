using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>What a person can do with this tool about an error of the library's, which knows no tool.</summary>
internal static class HintText
{
    private const string LookAtKernelLog = "the kernel's log may say more: dmesg | tail";

    // errno values that mean "not you": asm-generic's numbers.
    private const int EPERM = 1;
    private const int EACCES = 13;

    public static string For(VfioException error) => error.Reason switch
    {
        VfioErrorReason.DeviceNotFound => "vfio list shows the devices of this host",
        VfioErrorReason.NotBound when error.Device is string device && IsPci(device) => $"take it first: vfio bind {device}",
        VfioErrorReason.GroupNotViable when error.Device is string device => $"vfio bind --group {device} takes every endpoint of the group, and says what keeps it from that",
        VfioErrorReason.AccessDenied when error.Device is string device && IsPci(device) => $"it belongs to another user: sudo vfio bind --user $USER {device}",
        VfioErrorReason.IommufdDenied => $"{error.Subject} opens for root, and for whom a device was given: sudo vfio bind --user $USER DEV; type1v2 needs the group's node alone",
        VfioErrorReason.NoBroker => "is the broker running? systemctl start vfio-broker.socket, or vfio broker --socket PATH",
        VfioErrorReason.NotBoundForBroker => $"take it first: sudo vfio bind --user vfio-broker {error.Device}",
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
