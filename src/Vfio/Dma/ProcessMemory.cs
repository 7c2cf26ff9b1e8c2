namespace Vfio;

/// <summary>Represents memory of this process by its address, as a device model accesses it.</summary>
/// <param name="address">The start of the memory.</param>
/// <param name="length">The length in bytes. The caller keeps all of it mapped as long as this is used.</param>
internal sealed unsafe class ProcessMemory(nint address, ulong length)
{
    public ulong Length => length;

    /// <summary>
    /// Makes sure that a whole range of pages can be accessed: that it is mapped, has memory behind it, and is writable
    /// if the device may write.
    /// </summary>
    public static bool TryPopulate(nint address, ulong length, DmaAccess access)
    {
        int advice = (access & DmaAccess.Write) != 0 ? Libc.MADV_POPULATE_WRITE : Libc.MADV_POPULATE_READ;
        if (Libc.MAdvise(address, (nuint)length, advice) == 0)
        {
            return true;
        }

        // Kernels before 5.14 do not support this advice, not even for a length of 0, and only report whether something
        // is mapped there.
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
