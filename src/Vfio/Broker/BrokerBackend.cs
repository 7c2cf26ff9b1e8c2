namespace Vfio;

/// <summary>Specifies the nodes through which a broker opens a device for a client.</summary>
public enum BrokerBackend : byte
{
    /// <summary>The device's own node if it exists and the policy allows it, otherwise that of its group.</summary>
    Any = 0,

    /// <summary><c>/dev/vfio/devices/vfioN</c> and <c>/dev/iommu</c>.</summary>
    Iommufd = 1,

    /// <summary><c>/dev/vfio/N</c> and <c>/dev/vfio/vfio</c>.</summary>
    Group = 2,
}
