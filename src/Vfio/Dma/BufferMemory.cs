using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents memory of this process for DMA: page-aligned, outside the managed heap. It ends in two steps, as mapped
/// regions do: <see cref="Revoke"/> replaces it by zeroes, and the address range is freed when nothing refers to this
/// object any more.
/// </summary>
internal sealed unsafe class BufferMemory : SafeHandle
{
    private const int Huge2MiBShift = 21;
    private const int Huge1GiBShift = 30;
    private const int MostNodes = 1024;
    private const int NoFile = -1;

    private readonly nuint _length;
    private int _revoked;

    private BufferMemory(nint address, nuint length)
        : base(Libc.MAP_FAILED, ownsHandle: true)
    {
        SetHandle(address);
        _length = length;
    }

    public override bool IsInvalid => handle == Libc.MAP_FAILED;

    /// <summary>Gets its start. Valid as long as this object is reachable.</summary>
    public byte* Start => (byte*)handle;

    public nint Address => handle;

    public ulong Length => _length;

    /// <summary>The page size in bytes.</summary>
    public static ulong SizeOf(DmaPageSize pages) => pages switch
    {
        DmaPageSize.Huge2MiB => 1ul << Huge2MiBShift,
        DmaPageSize.Huge1GiB => 1ul << Huge1GiBShift,
        DmaPageSize.Default => (ulong)Environment.SystemPageSize,
        _ => throw new ArgumentOutOfRangeException(nameof(pages), pages, "no such page size"),
    };

    /// <summary>Allocates zeroed memory.</summary>
    /// <param name="calls">Makes the system calls.</param>
    /// <param name="length">The length in bytes; whole pages of the size.</param>
    /// <param name="pages">The page size.</param>
    /// <param name="node">The NUMA node of all pages; <see langword="null"/> for any.</param>
    public static BufferMemory Allocate(SystemCalls calls, ulong length, DmaPageSize pages, int? node)
    {
        int huge = pages == DmaPageSize.Default ? 0
            : Libc.MAP_HUGETLB
                | ((pages == DmaPageSize.Huge2MiB ? Huge2MiBShift : Huge1GiBShift) << Libc.MAP_HUGE_SHIFT);
        BufferMemory memory = Map(
            calls,
            length,
            Libc.PROT_READ | Libc.PROT_WRITE,
            Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | huge,
            file: null,
            0,
            pages);
        try
        {
            memory.KeepFromChildren(calls);
            if (node is int number)
            {
                memory.BindTo(calls, number);
            }

            memory.Populate(calls, mayLack: huge != 0 && node is not null);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Maps a part of a file (usually a memfd), which is shared with every process that maps the file.
    /// </summary>
    public static BufferMemory MapFile(SystemCalls calls, SafeFileHandle file, ulong offset, ulong length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, (ulong)long.MaxValue);
        return Map(
            calls, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, file, (long)offset, DmaPageSize.Default);
    }

    /// <summary>
    /// Replaces the memory: from now on it reads as zeroes, and writes have no effect. Thread-safe; one call is enough.
    /// </summary>
    public void Revoke()
    {
        if (Interlocked.Exchange(ref _revoked, 1) == 0 && !MemoryCover.TryZeroes(handle, _length))
        {
            SetHandleAsInvalid(); // another mapping may use the range soon, so it is not unmapped
        }

        GC.KeepAlive(this);
    }

    protected override bool ReleaseHandle() => Libc.MUnmap(handle, _length) == 0;

    private static BufferMemory Map(
        SystemCalls calls,
        ulong length,
        int protection,
        int flags,
        SafeFileHandle? file,
        long offset,
        DmaPageSize pages)
    {
        string subject = string.Create(CultureInfo.InvariantCulture, $"{length} bytes of memory");
        int errno = calls.Before("mmap");
        if (errno == 0)
        {
            nint address = file is null
                ? Libc.MMap(0, checked((nuint)length), protection, flags, NoFile, offset)
                : Libc.MMap(0, checked((nuint)length), protection, flags, file, offset);
            errno = Marshal.GetLastPInvokeError();
            if (address != Libc.MAP_FAILED)
            {
                return new BufferMemory(address, (nuint)length);
            }
        }

        throw new VfioException("mmap", subject, errno, errno switch
        {
            Errno.ENOMEM when pages != DmaPageSize.Default => HugePageHint(length, pages),
            Errno.EINVAL when pages != DmaPageSize.Default => MissingSizeHint(pages),
            Errno.EACCES when file is not null => "the file is not open for reading and writing",
            _ => null,
        });
    }

    private static string HugePageHint(ulong length, DmaPageSize pages)
    {
        ulong size = SizeOf(pages);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"not enough free huge pages: echo {length / size} | sudo tee "
            + $"/sys/kernel/mm/hugepages/hugepages-{size / 1024}kB/nr_hugepages (on top of those in use)");
    }

    // For anonymous memory, EINVAL means only that the kernel does not support the page size.
    private static string MissingSizeHint(DmaPageSize pages)
    {
        string folder = string.Create(CultureInfo.InvariantCulture, $"hugepages-{SizeOf(pages) / 1024}kB");
        (string name, string flag) = pages == DmaPageSize.Huge1GiB
            ? ("1 GiB", " (x86-64: no flag pdpe1gb in /proc/cpuinfo)")
            : ("2 MiB", "");
        return $"this processor or kernel has no {name} pages: /sys/kernel/mm/hugepages has no "
            + $"{folder}{flag}; use another page size";
    }

    // After a fork, parent and child share the pages until one of them writes. The writer then gets a copy, which the
    // device does not see.
    private void KeepFromChildren(SystemCalls calls) =>
        Check(calls, "madvise", () => Libc.MAdvise(handle, _length, Libc.MADV_DONTFORK));

    private void BindTo(SystemCalls calls, int node)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(node);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(node, MostNodes);
        Check(calls, "mbind", () =>
        {
            ulong* nodes = stackalloc ulong[MostNodes / 64];
            nodes[node / 64] = 1ul << (node % 64);
            return Libc.MBind(handle, _length, Libc.MPOL_BIND, nodes, MostNodes + 1, 0);
        }, $"NUMA node {node}", "/sys/devices/system/node lists the nodes of this host");
    }

    // All pages must be present before they are pinned. A page that was never written is the kernel's shared page of
    // zeroes. If it is pinned only for reading, kernels before 6.2 leave the device with that page forever, while this
    // process writes to its own.
    private void Populate(SystemCalls calls, bool mayLack)
    {
        int errno = calls.Before("madvise");
        if (errno == 0 && Libc.MAdvise(handle, _length, Libc.MADV_POPULATE_WRITE) != 0)
        {
            errno = Marshal.GetLastPInvokeError();
        }

        if (errno == Errno.EINVAL && mayLack)
        {
            throw new VfioException(
                "madvise",
                "huge pages of one NUMA node",
                errno,
                "kernels before 5.14 cannot tell whether the node has them, and an access to a "
                + "missing one causes a bus error");
        }

        if (errno == Errno.EINVAL)
        {
            // Kernels before 5.14 do not support this advice.
            for (nuint at = 0; at < _length; at += (nuint)Environment.SystemPageSize)
            {
                Volatile.Write(ref Start[at], 0);
            }
        }
        else if (errno != 0)
        {
            throw new VfioException(
                "madvise",
                string.Create(CultureInfo.InvariantCulture, $"{Length} bytes of memory"),
                errno,
                errno == Errno.ENOMEM || errno == Errno.EFAULT
                    ? "the host or the NUMA node does not have enough free memory"
                    : null);
        }
    }

    private static void Check(
        SystemCalls calls, string call, Func<int> make, string subject = "memory for DMA", string? hint = null)
    {
        int errno = calls.Before(call);
        if (errno == 0 && make() != 0)
        {
            errno = Marshal.GetLastPInvokeError();
        }

        if (errno != 0)
        {
            throw new VfioException(call, subject, errno, hint);
        }
    }
}
