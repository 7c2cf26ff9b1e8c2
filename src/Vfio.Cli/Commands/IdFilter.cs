using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Vfio.Cli;

/// <summary>
/// Represents a filter for devices by their IDs, in the syntax of <c>lspci -d</c>: <c>8086:10d3</c>, <c>8086:</c>,
/// <c>:10d3</c>.
/// </summary>
/// <param name="VendorId">The vendor ID; <see langword="null"/> for any.</param>
/// <param name="DeviceId">The device ID; <see langword="null"/> for any.</param>
internal sealed record IdFilter(ushort? VendorId, ushort? DeviceId)
{
    public static bool TryParse(string text, [NotNullWhen(true)] out IdFilter? filter)
    {
        filter = null;
        string[] parts = text.Split(':');
        if (parts.Length > 2
            || text is "" or ":"
            || !TryId(parts[0], out ushort? vendor)
            || !TryId(parts.ElementAtOrDefault(1), out ushort? device))
        {
            return false;
        }

        filter = new IdFilter(vendor, device);
        return true;
    }

    public bool Matches(PciDeviceInfo device) =>
        (VendorId is null || VendorId == device.VendorId) && (DeviceId is null || DeviceId == device.DeviceId);

    // As in lspci, an empty part or a star matches any ID.
    private static bool TryId(string? text, out ushort? id)
    {
        id = null;
        if (text is null or "" or "*")
        {
            return true;
        }

        ushort value = 0;
        bool isId = text.Length <= 4
            && ushort.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        id = isId ? value : null;
        return isId;
    }
}
