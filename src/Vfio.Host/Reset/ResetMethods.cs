using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// How the kernel resets a device alone, and in which order it tries: <c>reset_method</c> in sysfs (Linux 5.15). What <see cref="VfioDevice.Reset"/>, each open and each close of the
/// device does follows from it.
/// </summary>
/// <remarks>
/// Known names are <c>device_specific</c>, <c>acpi</c>, <c>flr</c> (function level, PCI Express), <c>af_flr</c> (function level, conventional), <c>pm</c> (through D3hot), <c>bus</c> and
/// <c>cxl_bus</c>; the kernel may have more. A choice holds until it is changed, or the device is removed or the host restarted: not a binding's release but the disposal of
/// <see cref="ResetMethodOverride"/> puts back what was. After a kill, <c>echo default</c> into the file gives back the kernel's own choice.
/// </remarks>
public static class ResetMethods
{
    private const string Attribute = "reset_method";

    /// <summary>Reads the methods that the kernel uses now, in the order it tries.</summary>
    /// <param name="address">The device.</param>
    /// <returns>Their names; none where all are switched off, the device can be reset in no way, or the kernel does not say.</returns>
    /// <exception cref="VfioException">There is no such device.</exception>
    public static IReadOnlyList<string> Get(PciAddress address) => Get(address, HostRoot.Default);

    /// <summary>Chooses the methods that the kernel uses from now on; needs root.</summary>
    /// <param name="address">The device.</param>
    /// <param name="methods">Their names, in the order to try; or <c>default</c> alone for the kernel's own choice. One that the device has not is refused.</param>
    /// <returns>What puts back the methods of before when it is disposed: after the device is closed, since closing resets it too.</returns>
    /// <exception cref="ArgumentException">No method, or a name with characters that none has.</exception>
    /// <exception cref="VfioException">There is no such device, it can be reset in no way, it has no such method (EINVAL), or this is not root (EACCES).</exception>
    public static ResetMethodOverride Override(PciAddress address, IReadOnlyList<string> methods) => Override(address, methods, HostRoot.Default);

    internal static IReadOnlyList<string> Get(PciAddress address, HostRoot host) => Split(SysfsFile.Read(PathOf(address, host)));

    internal static ResetMethodOverride Override(PciAddress address, IReadOnlyList<string> methods, HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(methods);
        if (methods.Count == 0 || methods.Any(method => string.IsNullOrEmpty(method) || !method.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')))
        {
            throw new ArgumentException("a reset method is a name like flr, pm or bus", nameof(methods));
        }

        string path = PathOf(address, host);
        if (SysfsFile.Read(path) is not string before)
        {
            throw new VfioException(
                "choose a reset method", address.ToString(), "the kernel lets nobody choose", "the device can be reset in no way of its own, or the kernel is older than 5.15");
        }

        Write(path, string.Join(' ', methods), address, before);
        return new ResetMethodOverride(path, address, Split(before), Split(SysfsFile.Read(path)));
    }

    /// <summary>Writes the methods of before; none there is an empty line to the kernel.</summary>
    internal static void Restore(string path, PciAddress address, IReadOnlyList<string> methods) => Write(path, methods.Count == 0 ? "\n" : string.Join(' ', methods), address, before: "");

    private static void Write(string path, string value, PciAddress address, string before)
    {
        int errno = SysfsFile.Write(path, value);
        if (errno != 0)
        {
            throw new VfioException("write", path, errno, errno switch
            {
                Errno.EACCES or Errno.EPERM => "this needs root: sudo vfio …",
                Errno.EINVAL => before.Length == 0 ? "the device has no such way to be reset; 'default' gives back the kernel's choice" : $"{address} has these, as far as they are not switched off: {before}",
                _ => null,
            });
        }
    }

    private static string[] Split(string? text) => (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string PathOf(PciAddress address, HostRoot host) => new PciBus(host).Get(address).Attribute(Attribute);
}
