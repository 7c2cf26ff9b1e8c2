using Microsoft.Win32.SafeHandles;

namespace Vfio.Tests;

/// <summary>Represents an address space that records the requests, together with the accesses of its device.</summary>
internal sealed class FakeAddressSpace(List<string> log) : IAddressSpaceBackend
{
    public string Subject => "the fake address space";

    /// <summary>Called before a mapping is removed; may throw, like a kernel that refuses.</summary>
    public Action? Unmapping { get; set; }

    /// <summary>Called before memory is mapped, with the IOVA; may throw.</summary>
    public Action<ulong>? Mapping { get; set; }

    /// <summary>The last usable address.</summary>
    public ulong Last { get; set; } = 0xffff_ffff;

    public int Drops { get; set; }

    public AddressSpaceInfo GetInfo() => new([new IovaRange(new Iova(0), new Iova(Last))], 4096, null);

    public void Map(ulong iova, nint address, ulong length, DmaAccess access)
    {
        Mapping?.Invoke(iova);
        log.Add($"map 0x{iova:x}");
    }

    public bool TryMapDeviceMemory(ulong iova, Func<SafeFileHandle?> openFile, ulong length, DmaAccess access) => false;

    public void Unmap(ulong iova, ulong length)
    {
        log.Add($"unmap 0x{iova:x}");
        Unmapping?.Invoke();
    }

    public bool TryUnmapAll()
    {
        log.Add("unmap all");
        return true;
    }

    public void SetDirtyTracking(bool isOn) => throw new NotSupportedException();

    public void ReadDirty(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) =>
        throw new NotSupportedException();

    public void Dispose() => log.Add("close");
}
