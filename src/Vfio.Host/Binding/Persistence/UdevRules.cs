using System.Globalization;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Rules by which udev gives a device that appears to its VFIO driver, before another gets it where that is possible: the override is written when the device is
/// announced, and <c>vfio replug</c> then does what is left.
/// </summary>
internal static class UdevRules
{
    private const string Header = "# Written by vfio; 'vfio release' takes it away. Changes here are lost.\n";

    /// <summary>Whether a driver's name can stand in a rule without quoting.</summary>
    public static bool IsPlain(string driver) => driver.Length is > 0 and <= 64 && driver.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    /// <summary>The rule of one device, a line: exactly this device at exactly this place.</summary>
    public static string Rule(string program, PersistentDevice device) => Rule(program, device.Address, device.VendorId, device.DeviceId, device.Driver);

    public static string Rule(string program, PciDeviceInfo device, string driver) => Rule(program, device.Address, device.VendorId, device.DeviceId, driver);

    private static string Rule(string program, PciAddress address, ushort vendor, ushort device, string driver) => string.Create(
        CultureInfo.InvariantCulture,
        $"ACTION==\"add\", SUBSYSTEM==\"pci\", {Match(address)}, ATTR{{vendor}}==\"0x{vendor:x4}\", ATTR{{device}}==\"0x{device:x4}\", ")
        + $"ATTR{{driver_override}}=\"{driver}\", RUN+=\"{program} replug {address}\"";

    /// <summary>A whole file of rules.</summary>
    public static string Text(string program, IEnumerable<PersistentDevice> devices) => Header + string.Concat(devices.Select(device => Rule(program, device) + "\n"));

    /// <summary>A file of rules with some devices' taken out and others' put in; <see langword="null"/> where none is left.</summary>
    public static string? Replace(string? text, IReadOnlyCollection<PciAddress> taken, IEnumerable<string> added)
    {
        string[] rules = [.. (text ?? "").Split('\n').Where(line => line.StartsWith("ACTION", StringComparison.Ordinal) && !Has(line, taken)), .. added];
        return rules.Length == 0 ? null : Header + string.Concat(rules.Select(rule => rule + "\n"));
    }

    /// <summary>Whether rules speak of one of some devices.</summary>
    public static bool Has(string text, IReadOnlyCollection<PciAddress> addresses) => addresses.Any(address => text.Contains(Match(address), StringComparison.Ordinal));

    private static string Match(PciAddress address) => $"KERNEL==\"{address}\"";
}
