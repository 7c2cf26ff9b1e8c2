namespace Vfio;

/// <summary>
/// Represents memory that devices can access: page-aligned, initially zero, outside the managed heap, and pinned by the
/// kernel. Its length is the requested one, rounded up to whole pages.
/// </summary>
/// <remarks>
/// The caller owns the buffer; disposal unmaps it from the devices and then frees it. When the address space ends, it
/// does the same and reports the buffer as a leak. <see cref="DmaMemory"/> has the rules of its use.
/// </remarks>
public sealed class DmaBuffer : DmaMemory, IDisposable
{
    internal DmaBuffer(DmaMapping mapping, BufferMemory memory)
        : base(mapping, memory, 0, (nuint)mapping.Length)
    {
    }

    /// <summary>
    /// Unmaps the memory from the devices, then frees it. A device that still uses it faults. A second call does
    /// nothing.
    /// </summary>
    /// <exception cref="VfioException">
    /// The kernel refused. The buffer stays as it was, and the call can be repeated.
    /// </exception>
    public void Unmap() => Mapping.Unmap();

    /// <summary>
    /// Unmaps the memory from the devices, then frees it. Never throws, and can be called more than once. If the kernel
    /// refuses, the memory is neither freed nor reused until <see cref="Unmap"/> succeeds or the address space ends,
    /// which reports it as a leak.
    /// </summary>
    public void Dispose() => Mapping.Dispose();
}
