using System.Globalization;
using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>A device in JSON: the same fields wherever one occurs, before those that derive from it add.</summary>
/// <param name="device">What the device is.</param>
/// <param name="names">What people call it.</param>
/// <param name="onHost">The host's side of it; <see langword="null"/> for a model.</param>
internal class DeviceDocument(DeviceIdentity device, DeviceNames names, PciDeviceInfo? onHost)
{
    [JsonConstructor]
    internal DeviceDocument()
        : this(null!, null!, null!)
    {
    }

    private const int First = -1; // of a base class, which would come last

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

    /// <summary>A vendor's or device's number, as JSON has it.</summary>
    public static string Id(ushort id) => id.ToString("x4", CultureInfo.InvariantCulture);
}

/// <summary>What the host calls a device: <c>nameHex</c> where the name is bytes that are no UTF-8.</summary>
internal sealed record HostNameDocument(string Name, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NameHex)
{
    public static HostNameDocument[] Of(IEnumerable<string> names) =>
        [.. names.Select(name => new HostNameDocument(Printable.Clean(name), Printable.BytesOf(name) is byte[] bytes ? Convert.ToHexStringLower(bytes) : null))];
}

/// <summary>A refusal.</summary>
internal sealed record RefusalDocument(string Address, string Reason, string Explanation, string Hint, bool CanForce)
{
    public static RefusalDocument[] Of(IEnumerable<BindingRefusal> refusals) =>
        [.. refusals.Select(refusal => new RefusalDocument(
            refusal.Device.ToString(), refusal.Reason.ToWord(), Printable.Clean(refusal.Explanation), Printable.Clean(refusal.Hint), refusal.CanForce))];
}
