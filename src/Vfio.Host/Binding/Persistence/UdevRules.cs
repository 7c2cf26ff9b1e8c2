using System.Globalization;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The udev rules that bind a device to its VFIO driver when it appears, if possible before another driver is bound to
/// it. The rule writes driver_override when the device is announced; <c>vfio replug</c> then does the rest.
/// </summary>
internal static class UdevRules
{
    private const string Header = "# Written by vfio, and removed by 'vfio release'. Changes to this file are lost.\n";

    /// <summary>Gets whether a driver's name can be used in a rule without quoting.</summary>
    public static bool IsPlain(string driver) =>
        driver.Length is > 0 and <= 64 && driver.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    /// <summary>Makes the rule of one device, one line. It matches only this device at this address.</summary>
    public static string Rule(string program, PersistentDevice device) =>
        Rule(program, device.Address, device.VendorId, device.DeviceId, device.Driver);

    public static string Rule(string program, PciDeviceInfo device, string driver) =>
        Rule(program, device.Address, device.VendorId, device.DeviceId, driver);

    private static string Rule(string program, PciAddress address, ushort vendor, ushort device, string driver) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"ACTION==\"add\", SUBSYSTEM==\"pci\", {Match(address)}, ATTR{{vendor}}==\"0x{vendor:x4}\", "
            + $"ATTR{{device}}==\"0x{device:x4}\", ")
            + $"ATTR{{driver_override}}=\"{driver}\", RUN+=\"{program} replug {address}\"";

    /// <summary>Makes a whole file of rules.</summary>
    public static string Text(string program, IEnumerable<PersistentDevice> devices) =>
        Header + string.Concat(devices.Select(device => Rule(program, device) + "\n"));

    /// <summary>
    /// Makes a file of rules without those of some devices, and with added ones; <see langword="null"/> if no rule is
    /// left.
    /// </summary>
    public static string? Replace(string? text, IReadOnlyCollection<PciAddress> taken, IEnumerable<string> added)
    {
        string[] rules =
        [
            .. (text ?? "")
                .Split('\n')
                .Where(line => line.StartsWith("ACTION", StringComparison.Ordinal) && !Has(line, taken)),
            .. added,
        ];
        return rules.Length == 0 ? null : Header + string.Concat(rules.Select(rule => rule + "\n"));
    }

    /// <summary>Gets whether a file has a rule for any of the given devices.</summary>
    public static bool Has(string text, IReadOnlyCollection<PciAddress> addresses) =>
        addresses.Any(address => text.Contains(Match(address), StringComparison.Ordinal));

    private static string Match(PciAddress address) => $"KERNEL==\"{address}\"";
}
