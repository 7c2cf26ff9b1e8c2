namespace Vfio;

/// <summary>The names of the backends in messages, options and <see cref="VfioDevice.BackendName"/>.</summary>
internal static class BackendNames
{
    public const string Iommufd = "iommufd";
    public const string Type1v2 = "type1v2";
    public const string Type1 = "type1";
    public const string NoIommu = "noiommu";

    /// <summary>Before a type1 model's name: an iommufd serves it.</summary>
    public const string Compatible = "compatible-";
}
