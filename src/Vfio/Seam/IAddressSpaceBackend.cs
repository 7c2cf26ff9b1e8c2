using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// The interface between the public address space and the backend that translates a device's addresses. All arguments
/// are valid: whole pages, inside the ranges, without overlap. Calls are serialized.
/// </summary>
internal interface IAddressSpaceBackend : IDisposable
{
    /// <summary>Gets what messages call it: "the container", "the IOAS".</summary>
    string Subject { get; }

    /// <summary>Gets what can be mapped. Changes when a device joins.</summary>
    AddressSpaceInfo GetInfo();

    /// <summary>Lets the devices reach memory of this process.</summary>
    void Map(ulong iova, nint address, ulong length, DmaAccess access);

    /// <summary>
    /// Lets the devices reach the pages of a device's memory, where the backend takes a file for that.
    /// </summary>
    /// <returns>Whether the backend does; if not, it uses the address that the memory is mapped at.</returns>
    bool TryMapDeviceMemory(ulong iova, Func<SafeFileHandle?> openFile, ulong length, DmaAccess access);

    /// <summary>
    /// Gets how often the backend has dropped all mappings because its last device left: type1 does, and the next
    /// device finds none.
    /// </summary>
    int Drops { get; }

    /// <summary>Takes one mapping back, whole.</summary>
    void Unmap(ulong iova, ulong length);

    /// <summary>Takes all back in one go, where the backend can.</summary>
    /// <returns>Whether it can; if not, nothing was changed.</returns>
    bool TryUnmapAll();

    /// <summary>Starts or ends the record of pages that devices write.</summary>
    /// <exception cref="NotSupportedException">There is none.</exception>
    void SetDirtyTracking(bool isOn);

    /// <summary>
    /// Which pages of a mapping were written since the last time, one bit a page, the first page in bit 0 of the first
    /// word.
    /// </summary>
    void ReadDirty(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap);
}

/// <summary>What an address space can map.</summary>
/// <param name="Ranges">The usable addresses, sorted and disjoint.</param>
/// <param name="PageSizes">The page sizes of the IOMMU, a bit each.</param>
/// <param name="EntriesLeft">How many more mappings there may be; null if the backend does not say.</param>
internal sealed record AddressSpaceInfo(IReadOnlyList<IovaRange> Ranges, ulong PageSizes, uint? EntriesLeft);
