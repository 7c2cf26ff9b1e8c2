namespace Vfio;

/// <summary>Memory of this process by its address, as a device model reaches it.</summary>
/// <param name="address">Where it starts.</param>
/// <param name="length">Bytes. All of it stays mapped as long as this is used: the caller sees to that.</param>
internal sealed unsafe class ProcessMemory(nint address, ulong length)
{
    public ulong Length => length;

    /// <summary>
    /// Makes sure that all of an address range, whole pages, can be reached: that it is mapped, has memory behind it,
    /// and may be written where a device is to write.
    /// </summary>
    public static bool TryPopulate(nint address, ulong length, DmaAccess access)
    {
        int advice = (access & DmaAccess.Write) != 0 ? Libc.MADV_POPULATE_WRITE : Libc.MADV_POPULATE_READ;
        if (Libc.MAdvise(address, (nuint)length, advice) == 0)
        {
            return true;
        }

        // Kernels before 5.14 do not know the advice, not even for nothing; they tell only whether something is mapped
        // there.
        return Libc.MAdvise(address, 0, advice) != 0 && Libc.MSync(address, (nuint)length, Libc.MS_ASYNC) == 0;
    }

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

    private void Check(ulong offset, int count) =>
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)count, offset <= length ? length - offset : 0);
}
