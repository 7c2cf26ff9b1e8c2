namespace Vfio;

/// <summary>Specifies what a device may do with memory.</summary>
[Flags]
public enum DmaAccess
{
    /// <summary>Nothing. No mapping has this value.</summary>
    None = 0,

    /// <summary>The device may read the memory: commands and data for the device.</summary>
    Read = 1,

    /// <summary>
    /// The device may write the memory: completions and data from the device. This value does not always keep the
    /// device from reading: Intel's IOMMU driver makes such memory readable too in Linux 6.1 and 6.12, but not in 7.2.
    /// </summary>
    Write = 2,

    /// <summary>The device may read and write the memory.</summary>
    ReadWrite = Read | Write,
}
