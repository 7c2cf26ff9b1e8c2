namespace Vfio;

/// <summary>Represents an IOMMU model of a container.</summary>
/// <param name="Extension">Its number for VFIO_CHECK_EXTENSION and VFIO_SET_IOMMU.</param>
/// <param name="Name">The name in messages.</param>
internal sealed record Type1Model(int Extension, string Name)
{
    public static Type1Model Two { get; } = new(VfioUapi.VFIO_TYPE1v2_IOMMU, BackendNames.Type1v2);

    public static Type1Model One { get; } = new(VfioUapi.VFIO_TYPE1_IOMMU, BackendNames.Type1);

    public static Type1Model None { get; } = new(VfioUapi.VFIO_NOIOMMU_IOMMU, BackendNames.NoIommu);
}
