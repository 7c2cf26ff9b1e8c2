namespace Vfio.Tests;

/// <summary>Represents a device's dirty tracking, as linux/vfio.h describes it.</summary>
internal sealed class FakeWriteLog
{
    private readonly HashSet<ulong> _written = [];
    private IovaRange[]? _ranges;

    public bool CanLog { get; set; } = true;

    public bool IsRunning => _ranges is not null;

    public int MostRanges { get; set; } = 256;

    /// <summary>Gets the page size that the device chooses whatever is requested; 0 for the requested one.</summary>
    public ulong PageSize { get; set; }

    public int ReadErrno { get; set; }

    public void Write(ulong address)
    {
        if (Array.Exists(_ranges ?? [], range => range.Contains(address, address)))
        {
            _written.Add(address);
        }
    }

    public int Start(ReadOnlySpan<IovaRange> ranges, ref ulong pageSize)
    {
        if (!CanLog)
        {
            return Errno.ENOTTY;
        }

        if (IsRunning || ranges.Length > MostRanges)
        {
            return IsRunning ? Errno.EINVAL : Errno.E2BIG;
        }

        _ranges = ranges.ToArray();
        pageSize = PageSize == 0 ? pageSize : PageSize;
        return 0;
    }

    public int Stop()
    {
        int errno = IsRunning ? 0 : Errno.EINVAL;
        _ranges = null;
        _written.Clear();
        return errno;
    }

    public int Read(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap)
    {
        if (!IsRunning || ReadErrno != 0)
        {
            return IsRunning ? ReadErrno : Errno.EINVAL;
        }

        foreach (ulong address in _written.Where(address => address >= iova && address - iova < length).ToArray())
        {
            ulong page = (address - iova) / pageSize;
            bitmap[(int)(page / 64)] |= 1ul << (int)(page % 64);
            _written.Remove(address);
        }

        return 0;
    }
}
