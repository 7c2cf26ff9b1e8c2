using System.Globalization;

namespace Vfio.Cli;

/// <summary>The memory that a device was given in a session: found by its address, and taken back before the device is closed.</summary>
internal sealed class SessionMemory(VfioDevice device) : IDisposable
{
    /// <summary>The most at a time: what a mistyped length asks for must not take the host's memory away.</summary>
    public const ulong MaxLength = 1UL << 30;

    private const string Where = "status lists what is mapped, alloc makes more";

    private readonly SortedDictionary<ulong, DmaBuffer> _buffers = [];
    private int _count;

    /// <summary>The addresses of what there is.</summary>
    public IEnumerable<string> Addresses => _buffers.Values.Select(buffer => buffer.Iova.ToString());

    /// <summary>Makes memory that the device can reach.</summary>
    /// <exception cref="CliException">The device has no address space, or the place is none.</exception>
    /// <exception cref="VfioException">There is no room, or not so much memory may be locked.</exception>
    public DmaBuffer Allocate(ulong length, DmaAccess access, Iova? at, int? bits)
    {
        IoAddressSpace space = Space("alloc");
        if (at is Iova place && place.Value % space.PageSize != 0)
        {
            throw new CliException($"alloc: {place} is not a multiple of the page size, 0x{space.PageSize:x}", "an IOMMU maps whole pages");
        }

        // Numbered, so that a buffer that is gone is told from the next one at its address.
        string owner = string.Create(CultureInfo.InvariantCulture, $"alloc {_count + 1}");
        DmaBuffer buffer = space.Allocate(length, new DmaBufferOptions { Access = access, At = at, AddressWidth = bits, Owner = owner });
        _count++;
        _buffers.Add(buffer.Iova.Value, buffer);
        return buffer;
    }

    /// <summary>Takes memory back from the device, and frees it.</summary>
    /// <exception cref="CliException">None begins there.</exception>
    public void Free(Iova iova)
    {
        DmaBuffer buffer = Find("free", iova);
        if (buffer.Iova != iova)
        {
            throw new CliException($"free: {iova} lies inside of what begins at {buffer.Iova}", $"it is freed whole: free {buffer.Iova}");
        }

        buffer.Unmap();
        _buffers.Remove(iova.Value);
    }

    /// <summary>Finds the memory that so many bytes lie in.</summary>
    /// <exception cref="CliException">They do not, or not all.</exception>
    public DmaBuffer Find(string command, Iova iova, ulong length)
    {
        DmaBuffer buffer = Find(command, iova);
        return length <= buffer.Length - (iova.Value - buffer.Iova.Value)
            ? buffer
            : throw new CliException(
                $"{command}: 0x{length:x} bytes from {iova} on do not end within what was allocated there: {buffer.Iova} to 0x{buffer.Iova.Value + (buffer.Length - 1):x}", Where);
    }

    /// <summary>Takes the device off the bus, and then everything back: nothing is left for it to report as forgotten.</summary>
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

    // The device does not answer, or the kernel refuses: closing the device takes back what this could not.
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (VfioException)
        {
            // See above.
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
            throw new CliException($"{command}: {e.Message}", "registers can be read and written all the same");
        }
    }

    private DmaBuffer Find(string command, Iova iova) => _buffers.Values.FirstOrDefault(buffer => iova >= buffer.Iova && iova.Value - buffer.Iova.Value < buffer.Length)
        ?? throw new CliException($"{command}: nothing was allocated at {iova} in this shell", Where);
}
