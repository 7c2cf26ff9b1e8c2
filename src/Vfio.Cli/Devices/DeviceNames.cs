using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>What people call a device. Reads the host's <c>pci.ids</c> when the first name is asked for.</summary>
internal sealed class DeviceNames(CliHost host)
{
    // What a vendor's name loses where columns are few.
    private static readonly string[] LegalForms =
    [
        "Inc", "Corp", "Corporation", "Co", "Company", "Ltd", "Limited", "LLC", "GmbH", "AG", "SA", "S.A", "B.V", "Pte", "Technology",
        "Technologies",
    ];

    // The word for a class: the most specific one that "vfio list --class" takes.
    private static readonly PciClassFilter[] Classes = [.. ((string[])["nvme", "sata", "storage", "audio"])
        .Concat(PciClassFilter.Words).Distinct().Select(word => PciClassFilter.TryParse(word, out PciClassFilter? filter) ? filter : null!)];

    private PciNames? _names;

    private PciNames Names => _names ??= host.LoadNames();

    /// <summary>The word of a class that <c>vfio list --class</c> takes, or its digits.</summary>
    public static string ClassWord(PciClassCode code) => Array.Find(Classes, filter => filter.Matches(code))?.Name ?? code.ToShortString();

    public string? Vendor(DeviceIdentity device) => Names.GetVendor(device.VendorId);

    public string? Device(DeviceIdentity device) => Names.GetDevice(device.VendorId, device.DeviceId);

    public string? Class(DeviceIdentity device) => Names.GetClass(device.Class);

    /// <summary>The name of the subsystem: of the card, or the board the device is part of.</summary>
    public string? Subsystem(DeviceIdentity device) =>
        Names.GetSubsystem(device.VendorId, device.DeviceId, device.SubsystemVendorId, device.SubsystemId) ?? Names.GetVendor(device.SubsystemVendorId);

    public string? BaseClass(DeviceIdentity device) => Names.GetBaseClass(device.Class);

    public string? ProgrammingInterface(DeviceIdentity device) => Names.GetProgrammingInterface(device.Class);

    /// <summary>Vendor and device as lspci writes them.</summary>
    public string FullName(DeviceIdentity device) => (Vendor(device), Device(device)) switch
    {
        (null, null) => string.Create(CultureInfo.InvariantCulture, $"Device {device.VendorId:x4}:{device.DeviceId:x4}"),
        (string vendor, null) => string.Create(CultureInfo.InvariantCulture, $"{vendor} Device {device.DeviceId:x4}"),
        (_, string name) => $"{Vendor(device)} {name}".TrimStart(),
    };

    /// <summary>Vendor and device in a line.</summary>
    /// <param name="device">The device.</param>
    /// <param name="isBrief">Whether the vendor's name is shortened to what people say.</param>
    public string Describe(DeviceIdentity device, bool isBrief)
    {
        string vendor = Vendor(device) ?? string.Create(CultureInfo.InvariantCulture, $"Vendor {device.VendorId:x4}");
        string name = Device(device) ?? string.Create(CultureInfo.InvariantCulture, $"Device {device.DeviceId:x4}");
        string who = isBrief ? Shorten(vendor) : vendor;
        // Some vendors say their name again in the device's.
        return name.StartsWith(who + " ", StringComparison.Ordinal) ? name : $"{who} {name}";
    }

    /// <summary>"Advanced Micro Devices, Inc. [AMD]" is AMD, "Intel Corporation" Intel.</summary>
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
