using System.Globalization;
using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Describes a device as JSON: the fields that all documents about devices begin with.</summary>
/// <param name="device">The identity of the device.</param>
/// <param name="names">The names of vendors, devices and classes.</param>
/// <param name="onHost">The device as the host sees it; <see langword="null"/> for a device model.</param>
internal class DeviceDocument(DeviceIdentity device, DeviceNames names, PciDeviceInfo? onHost)
{
    [JsonConstructor]
    internal DeviceDocument()
        : this(null!, null!, null!)
    {
    }

    private const int First = -1; // properties of a base class would otherwise come last

    [JsonPropertyOrder(First)]
    public string Address => device.Name;

    [JsonPropertyOrder(First)]
    public string VendorId => Id(device.VendorId);

    [JsonPropertyOrder(First)]
    public string DeviceId => Id(device.DeviceId);

    [JsonPropertyOrder(First)]
    public string SubsystemVendorId => Id(device.SubsystemVendorId);

    [JsonPropertyOrder(First)]
    public string SubsystemId => Id(device.SubsystemId);

    [JsonPropertyOrder(First)]
    public string Class => device.Class.ToString();

    [JsonPropertyOrder(First)]
    public string Kind => DeviceNames.ClassWord(device.Class);

    [JsonPropertyOrder(First)]
    public string? VendorName => names.Vendor(device);

    [JsonPropertyOrder(First)]
    public string? DeviceName => names.Device(device);

    [JsonPropertyOrder(First)]
    public string? ClassName => names.Class(device);

    [JsonPropertyOrder(First)]
    public string? Driver => onHost?.Driver;

    [JsonPropertyOrder(First)]
    public int? IommuGroup => onHost?.IommuGroup;

    [JsonPropertyOrder(First)]
    public bool HasVfioDriver => onHost is { HasVfioDriver: true };

    protected DeviceNames Names => names;

    protected PciDeviceInfo? OnHost => onHost;

    /// <summary>Formats a vendor or device ID as JSON has it.</summary>
    public static string Id(ushort id) => id.ToString("x4", CultureInfo.InvariantCulture);
}

/// <summary>
/// Describes a name that the host gives a device; <c>nameHex</c> is set if the name is not valid UTF-8.
/// </summary>
internal sealed record HostNameDocument(
    string Name, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NameHex)
{
    public static HostNameDocument[] Of(IEnumerable<string> names) =>
        [.. names.Select(name => new HostNameDocument(
            Printable.Clean(name), Printable.BytesOf(name) is byte[] bytes ? Convert.ToHexStringLower(bytes) : null))];
}

/// <summary>Describes a refusal.</summary>
internal sealed record RefusalDocument(string Address, string Reason, string Explanation, string Hint, bool CanForce)
{
    public static RefusalDocument[] Of(IEnumerable<BindingRefusal> refusals) =>
        [.. refusals.Select(refusal => new RefusalDocument(
            refusal.Device.ToString(),
            refusal.Reason.ToWord(),
            Printable.Clean(refusal.Explanation),
            Printable.Clean(refusal.Hint),
            refusal.CanForce))];
}
