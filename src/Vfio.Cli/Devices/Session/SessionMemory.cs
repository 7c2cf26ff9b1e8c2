using System.Globalization;

namespace Vfio.Cli;

/// <summary>
/// Holds the memory that is mapped for a device in a session: finds it by address, and unmaps it before the device is
/// closed.
/// </summary>
internal sealed class SessionMemory(VfioDevice device) : IDisposable
{
    /// <summary>
    /// The maximum length of one allocation, so that a mistyped length does not use up the host's memory.
    /// </summary>
    public const ulong MaxLength = 1UL << 30;

    private const string Where = "status lists the allocated memory, alloc allocates more";

    private readonly SortedDictionary<ulong, DmaBuffer> _buffers = [];
    private int _count;

    /// <summary>Gets the addresses of the allocated buffers.</summary>
    public IEnumerable<string> Addresses => _buffers.Values.Select(buffer => buffer.Iova.ToString());

    /// <summary>Allocates memory that the device can access.</summary>
    /// <exception cref="CliException">The device has no address space, or the address is not valid.</exception>
    /// <exception cref="VfioException">The address space is full, or the limit of locked memory is reached.</exception>
    public DmaBuffer Allocate(ulong length, DmaAccess access, Iova? at, int? bits)
    {
        IoAddressSpace space = Space("alloc");
        if (at is Iova place && place.Value % space.PageSize != 0)
        {
            throw new CliException(
                $"alloc: {place} is not a multiple of the page size, 0x{space.PageSize:x}",
                "an IOMMU maps whole pages");
        }

        // Buffers are numbered, so that a freed one can be distinguished from the next one at its address.
        string owner = string.Create(CultureInfo.InvariantCulture, $"alloc {_count + 1}");
        DmaBuffer buffer = space.Allocate(
            length, new DmaBufferOptions { Access = access, At = at, AddressWidth = bits, Owner = owner });
        _count++;
        _buffers.Add(buffer.Iova.Value, buffer);
        return buffer;
    }

    /// <summary>Unmaps memory from the device and frees it.</summary>
    /// <exception cref="CliException">No buffer begins at this address.</exception>
    public void Free(Iova iova)
    {
        DmaBuffer buffer = Find("free", iova);
        if (buffer.Iova != iova)
        {
            throw new CliException(
                $"free: {iova} is inside the buffer at {buffer.Iova}", $"free the whole buffer: free {buffer.Iova}");
        }

        buffer.Unmap();
        _buffers.Remove(iova.Value);
    }

    /// <summary>Finds the buffer that contains a range of bytes.</summary>
    /// <exception cref="CliException">No buffer contains the whole range.</exception>
    public DmaBuffer Find(string command, Iova iova, ulong length)
    {
        DmaBuffer buffer = Find(command, iova);
        return length <= buffer.Length - (iova.Value - buffer.Iova.Value)
            ? buffer
            : throw new CliException(
                $"{command}: 0x{length:x} bytes at {iova} end outside the buffer, which is {buffer.Iova} to "
                + $"0x{buffer.Iova.Value + (buffer.Length - 1):x}",
                Where);
    }

    /// <summary>
    /// Disables bus mastering and then unmaps everything, so that closing the device finds no forgotten mappings to
    /// report.
    /// </summary>
    public void Dispose()
    {
        if (_buffers.Count == 0)
        {
            return;
        }

        Try(() => device.SetBusMaster(false));
        foreach (DmaBuffer buffer in _buffers.Values)
        {
            buffer.Dispose();
        }

        _buffers.Clear();
    }

    // If the device does not answer or the kernel refuses, closing the device unmaps the rest.
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (VfioException)
        {
            // Ignored, for the reason above.
        }
    }

    private IoAddressSpace Space(string command)
    {
        try
        {
            return device.AddressSpace;
        }
        catch (NotSupportedException e)
        {
            throw new CliException($"{command}: {e.Message}", "registers can still be read and written");
        }
    }

    private DmaBuffer Find(string command, Iova iova) =>
        _buffers.Values.FirstOrDefault(buffer => iova >= buffer.Iova && iova.Value - buffer.Iova.Value < buffer.Length)
            ?? throw new CliException($"{command}: no buffer of this shell contains {iova}", Where);
}
