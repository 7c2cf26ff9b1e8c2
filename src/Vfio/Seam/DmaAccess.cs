namespace Vfio;

/// <summary>What the device may do with memory, as the device sees it.</summary>
[Flags]
public enum DmaAccess
{
    /// <summary>Nothing. No mapping has this.</summary>
    None = 0,

    /// <summary>The device reads the memory: commands and data that go to it.</summary>
    Read = 1,

    /// <summary>
    /// The device writes the memory: completions and data that come from it. Alone it does not always keep the device
    /// from reading: Intel's IOMMU driver makes such memory readable too in Linux 6.1 and 6.12, not in 7.2.
    /// </summary>
    Write = 2,

    /// <summary>Both.</summary>
    ReadWrite = Read | Write,
}
