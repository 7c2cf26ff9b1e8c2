using Vfio.Interop;

namespace Vfio.Dma;

/// <summary>Memory of this process by its address, as a device model reaches it.</summary>
/// <param name="address">Where it starts.</param>
/// <param name="length">Bytes. All of it stays mapped as long as this is used: the caller sees to that.</param>
internal sealed unsafe class ProcessMemory(nint address, ulong length)
{
    public ulong Length => length;

    /// <summary>Whether all of an address range, whole pages, is mapped in this process.</summary>
    public static bool IsMapped(nint address, ulong length) => Libc.MSync(address, (nuint)length, Libc.MS_ASYNC) == 0;

    public void Read(ulong offset, Span<byte> destination)
    {
        Check(offset, destination.Length);
        new ReadOnlySpan<byte>((byte*)address + offset, destination.Length).CopyTo(destination);
    }

    public void Write(ulong offset, ReadOnlySpan<byte> source)
    {
        Check(offset, source.Length);
        source.CopyTo(new Span<byte>((byte*)address + offset, source.Length));
    }

    private void Check(ulong offset, int count) => ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)count, offset <= length ? length - offset : 0);
}
