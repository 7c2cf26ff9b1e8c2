using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Finds the names of vendors, devices and classes. It reads the host's <c>pci.ids</c> when the first name is
/// requested.
/// </summary>
internal sealed class DeviceNames(CliHost host)
{
    // The parts of a vendor's name that are omitted in the brief form.
    private static readonly string[] LegalForms =
    [
        "Inc",
        "Corp",
        "Corporation",
        "Co",
        "Company",
        "Ltd",
        "Limited",
        "LLC",
        "GmbH",
        "AG",
        "SA",
        "S.A",
        "B.V",
        "Pte",
        "Technology",
        "Technologies",
    ];

    // The classes, ordered so that the most specific word that "vfio list --class" accepts is found first.
    private static readonly PciClassFilter[] Classes = [.. ((string[])["nvme", "sata", "storage", "audio"])
        .Concat(PciClassFilter.Words)
        .Distinct()
        .Select(word => PciClassFilter.TryParse(word, out PciClassFilter? filter) ? filter : null!)];

    private PciNames? _names;

    private PciNames Names => _names ??= host.LoadNames();

    /// <summary>
    /// Returns the word for a class that <c>vfio list --class</c> accepts, or the digits of the class.
    /// </summary>
    public static string ClassWord(PciClassCode code) =>
        Array.Find(Classes, filter => filter.Matches(code))?.Name ?? code.ToShortString();

    public string? Vendor(DeviceIdentity device) => Names.GetVendor(device.VendorId);

    public string? Device(DeviceIdentity device) => Names.GetDevice(device.VendorId, device.DeviceId);

    public string? Class(DeviceIdentity device) => Names.GetClass(device.Class);

    /// <summary>Returns the name of the subsystem: the card or board that the device is part of.</summary>
    public string? Subsystem(DeviceIdentity device) =>
        Names.GetSubsystem(device.VendorId, device.DeviceId, device.SubsystemVendorId, device.SubsystemId)
        ?? Names.GetVendor(device.SubsystemVendorId);

    public string? BaseClass(DeviceIdentity device) => Names.GetBaseClass(device.Class);

    public string? ProgrammingInterface(DeviceIdentity device) => Names.GetProgrammingInterface(device.Class);

    /// <summary>Returns vendor and device as lspci writes them.</summary>
    public string FullName(DeviceIdentity device) => (Vendor(device), Device(device)) switch
    {
        (null, null) =>
            string.Create(CultureInfo.InvariantCulture, $"Device {device.VendorId:x4}:{device.DeviceId:x4}"),
        (string vendor, null) => string.Create(CultureInfo.InvariantCulture, $"{vendor} Device {device.DeviceId:x4}"),
        (_, string name) => $"{Vendor(device)} {name}".TrimStart(),
    };

    /// <summary>Returns vendor and device in one line.</summary>
    /// <param name="device">The device.</param>
    /// <param name="isBrief">Whether to shorten the vendor's name to its common form.</param>
    public string Describe(DeviceIdentity device, bool isBrief)
    {
        string vendor = Vendor(device) ?? string.Create(CultureInfo.InvariantCulture, $"Vendor {device.VendorId:x4}");
        string name = Device(device) ?? string.Create(CultureInfo.InvariantCulture, $"Device {device.DeviceId:x4}");
        string who = isBrief ? Shorten(vendor) : vendor;
        // Some vendors repeat their name in the device's name.
        return name.StartsWith(who + " ", StringComparison.Ordinal) ? name : $"{who} {name}";
    }

    /// <summary>
    /// Shortens a vendor's name: "Advanced Micro Devices, Inc. [AMD]" becomes "AMD", "Intel Corporation" becomes
    /// "Intel".
    /// </summary>
    internal static string Shorten(string vendor)
    {
        int open = vendor.LastIndexOf('[');
        if (open > 0 && vendor.EndsWith(']'))
        {
            return vendor[(open + 1)..^1];
        }

        string[] words = vendor.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        int count = words.Length;
        while (count > 1 && LegalForms.Contains(words[count - 1].TrimEnd('.'), StringComparer.OrdinalIgnoreCase))
        {
            count--;
        }

        return string.Join(' ', words[..count]);
    }
}
