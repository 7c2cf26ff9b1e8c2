using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// The interface between the public address space and the backend that translates a device's addresses. All arguments
/// are valid: whole pages, inside the ranges, without overlap. Calls are serialized.
/// </summary>
internal interface IAddressSpaceBackend : IDisposable
{
    /// <summary>Gets the name in messages: "the container", "the IOAS".</summary>
    string Subject { get; }

    /// <summary>Gets what can be mapped. Changes when a device joins.</summary>
    AddressSpaceInfo GetInfo();

    /// <summary>Allows the devices to access memory of this process.</summary>
    void Map(ulong iova, nint address, ulong length, DmaAccess access);

    /// <summary>Allows the devices to access memory of another device, if the backend takes a file for that.</summary>
    /// <returns>Whether the backend does; if not, it uses the address that the memory is mapped at.</returns>
    bool TryMapDeviceMemory(ulong iova, Func<SafeFileHandle?> openFile, ulong length, DmaAccess access);

    /// <summary>
    /// Gets how often the backend has dropped all mappings because its last device left: type1 does, and the next
    /// device finds none.
    /// </summary>
    int Drops { get; }

    /// <summary>Removes one whole mapping.</summary>
    void Unmap(ulong iova, ulong length);

    /// <summary>Removes all mappings in one call, if the backend can.</summary>
    /// <returns>Whether it can; if not, nothing has changed.</returns>
    bool TryUnmapAll();

    /// <summary>Starts or stops dirty tracking.</summary>
    /// <exception cref="NotSupportedException">The backend does not support it.</exception>
    void SetDirtyTracking(bool isOn);

    /// <summary>
    /// Reads which pages of a mapping were written since the last time: one bit per page, the first page in bit 0 of
    /// the first word.
    /// </summary>
    void ReadDirty(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap);
}

/// <summary>Describes what an address space can map.</summary>
/// <param name="Ranges">The usable addresses, sorted and disjoint.</param>
/// <param name="PageSizes">The page sizes of the IOMMU, one bit each.</param>
/// <param name="EntriesLeft">
/// The number of further mappings that are possible; <see langword="null"/> if the backend does not report it.
/// </param>
internal sealed record AddressSpaceInfo(IReadOnlyList<IovaRange> Ranges, ulong PageSizes, uint? EntriesLeft);
