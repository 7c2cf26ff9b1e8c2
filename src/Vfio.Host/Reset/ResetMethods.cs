using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Reads and chooses the methods with which the kernel resets only this device, and their order: <c>reset_method</c> in
/// sysfs (Linux 5.15). <see cref="VfioDevice.Reset"/>, and the resets at each open and close of the device, use them.
/// </summary>
/// <remarks>
/// Known names are <c>device_specific</c>, <c>acpi</c>, <c>flr</c> (function level, PCI Express), <c>af_flr</c>
/// (function level, conventional), <c>pm</c> (through D3hot), <c>bus</c> and <c>cxl_bus</c>; the kernel may have more.
/// A choice holds until it is changed, the device is removed, or the host is restarted. Releasing the device does not
/// restore the previous methods; disposing the <see cref="ResetMethodOverride"/> does. If the process was killed, write
/// <c>default</c> to the file to get the kernel's own choice.
/// </remarks>
public static class ResetMethods
{
    private const string Attribute = "reset_method";

    /// <summary>Reads the methods that the kernel uses now, in the order in which it tries them.</summary>
    /// <param name="address">The device.</param>
    /// <returns>
    /// Their names; empty if all are disabled, the device does not support any, or the kernel does not report them.
    /// </returns>
    /// <exception cref="VfioException">There is no such device.</exception>
    public static IReadOnlyList<string> Get(PciAddress address) => Get(address, HostRoot.Default);

    /// <summary>Chooses the methods that the kernel uses from now on. Needs root.</summary>
    /// <param name="address">The device.</param>
    /// <param name="methods">
    /// Their names, in the order to try; or only <c>default</c> for the kernel's own choice. A method that the device
    /// does not support is refused.
    /// </param>
    /// <returns>
    /// An object that restores the previous methods when it is disposed. Dispose it after the device is closed, since
    /// closing resets it too.
    /// </returns>
    /// <exception cref="ArgumentException">No method is given, or a name has invalid characters.</exception>
    /// <exception cref="VfioException">
    /// There is no such device, it does not support any reset method or not this one (EINVAL), or the process is not
    /// root (EACCES).
    /// </exception>
    public static ResetMethodOverride Override(PciAddress address, IReadOnlyList<string> methods) =>
        Override(address, methods, HostRoot.Default);

    internal static IReadOnlyList<string> Get(PciAddress address, HostRoot host) =>
        Split(SysfsFile.Read(PathOf(address, host)));

    internal static ResetMethodOverride Override(PciAddress address, IReadOnlyList<string> methods, HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(methods);
        if (methods.Count == 0
            || methods.Any(
                method => string.IsNullOrEmpty(method) || !method.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')))
        {
            throw new ArgumentException("name at least one reset method, such as flr, pm or bus", nameof(methods));
        }

        string path = PathOf(address, host);
        if (SysfsFile.Read(path) is not string before)
        {
            throw new VfioException(
                "choose a reset method",
                address.ToString(),
                "this kernel does not allow changing the reset method",
                "choose another device, or use Linux 5.15 or later: the device has no reset method of its "
                + "own, or the kernel is older");
        }

        Write(path, string.Join(' ', methods), address, before);
        return new ResetMethodOverride(path, address, Split(before), Split(SysfsFile.Read(path)));
    }

    /// <summary>
    /// Writes the previous methods. If there were none, it writes an empty line, which the kernel reads as none.
    /// </summary>
    internal static void Restore(string path, PciAddress address, IReadOnlyList<string> methods) =>
        Write(path, methods.Count == 0 ? "\n" : string.Join(' ', methods), address, before: "");

    private static void Write(string path, string value, PciAddress address, string before)
    {
        int errno = SysfsFile.Write(path, value);
        if (errno != 0)
        {
            throw new VfioException("write", path, errno, errno switch
            {
                Errno.EACCES or Errno.EPERM => "this needs root: sudo vfio …",
                Errno.EINVAL => before.Length == 0
                    ? "the device does not support this method; 'default' restores the kernel's choice"
                    : $"use one of the methods that {address} has enabled: {before}",
                _ => null,
            });
        }
    }

    private static string[] Split(string? text) =>
        (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string PathOf(PciAddress address, HostRoot host) =>
        new PciBus(host).Get(address).Attribute(Attribute);
}
