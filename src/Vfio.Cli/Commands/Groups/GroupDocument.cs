using System.Text.Json.Serialization;

namespace Vfio.Cli;

/// <summary>Describes an IOMMU group as JSON.</summary>
internal sealed class GroupDocument(IommuGroup group, DeviceNames names)
{
    [JsonConstructor]
    internal GroupDocument()
        : this(null!, null!)
    {
    }

    public int Group => group.Number;

    public string? DomainType => group.DomainType;

    public bool IsViable => group.GetBlockers().Count == 0;

    public string[] Blockers => [.. group.GetBlockers().Select(blocker => blocker.Address.ToString())];

    public DeviceDocument[] Devices =>
        [.. group.Devices.Select(device => new DeviceDocument(DeviceIdentity.Of(device), names, device))];
}
