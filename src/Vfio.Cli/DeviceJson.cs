using System.Globalization;
using System.Text.Json;

namespace Vfio.Cli;

/// <summary>A device in JSON: the same fields wherever one occurs.</summary>
internal static class DeviceJson
{
    /// <summary>Writes the fields into the object that is open.</summary>
    public static void WriteDevice(this Utf8JsonWriter json, PciDeviceInfo device, DeviceNames names)
    {
        json.WriteString("address", device.Address.ToString());
        json.WriteString("vendorId", Id(device.VendorId));
        json.WriteString("deviceId", Id(device.DeviceId));
        json.WriteString("subsystemVendorId", Id(device.SubsystemVendorId));
        json.WriteString("subsystemId", Id(device.SubsystemId));
        json.WriteString("class", device.Class.ToString());
        json.WriteString("kind", DeviceNames.ClassWord(device.Class));
        json.WriteText("vendorName", names.Vendor(device));
        json.WriteText("deviceName", names.Device(device));
        json.WriteText("className", names.Class(device));
        json.WriteText("driver", device.Driver);
        json.WriteNumberOrNull("iommuGroup", device.IommuGroup);
        json.WriteBoolean("hasVfioDriver", device.HasVfioDriver);
    }

    private static string Id(ushort id) => id.ToString("x4", CultureInfo.InvariantCulture);
}
