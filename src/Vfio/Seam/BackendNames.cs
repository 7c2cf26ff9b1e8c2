namespace Vfio;

/// <summary>Defines the names of the backends in messages, options and <see cref="VfioDevice.BackendName"/>.</summary>
internal static class BackendNames
{
    public const string Iommufd = "iommufd";
    public const string Type1v2 = "type1v2";
    public const string Type1 = "type1";
    public const string NoIommu = "noiommu";

    /// <summary>The prefix of a type1 model's name if an iommufd provides it.</summary>
    public const string Compatible = "compatible-";
}
