using System.Globalization;
using System.Text.Json;

namespace Vfio.Cli;

/// <summary>A device in JSON: the same fields wherever one occurs.</summary>
internal static class DeviceJson
{
    /// <summary>Writes the fields of a device of the host into the object that is open.</summary>
    public static void WriteDevice(this Utf8JsonWriter json, PciDeviceInfo device, DeviceNames names) => json.WriteDevice(DeviceIdentity.Of(device), names, device);

    /// <summary>Writes the fields into the object that is open.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="device">What the device is.</param>
    /// <param name="names">What people call it.</param>
    /// <param name="onHost">The host's side of it; <see langword="null"/> for a model.</param>
    public static void WriteDevice(this Utf8JsonWriter json, DeviceIdentity device, DeviceNames names, PciDeviceInfo? onHost)
    {
        json.WriteString("address", device.Name);
        json.WriteString("vendorId", Id(device.VendorId));
        json.WriteString("deviceId", Id(device.DeviceId));
        json.WriteString("subsystemVendorId", Id(device.SubsystemVendorId));
        json.WriteString("subsystemId", Id(device.SubsystemId));
        json.WriteString("class", device.Class.ToString());
        json.WriteString("kind", DeviceNames.ClassWord(device.Class));
        json.WriteText("vendorName", names.Vendor(device));
        json.WriteText("deviceName", names.Device(device));
        json.WriteText("className", names.Class(device));
        json.WriteText("driver", onHost?.Driver);
        json.WriteNumberOrNull("iommuGroup", onHost?.IommuGroup);
        json.WriteBoolean("hasVfioDriver", onHost is { HasVfioDriver: true });
    }

    private static string Id(ushort id) => id.ToString("x4", CultureInfo.InvariantCulture);
}
