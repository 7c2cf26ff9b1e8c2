using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Represents a migration session through the kernel's descriptor (data_fd).</summary>
/// <param name="calls">Makes the system calls.</param>
/// <param name="file">The descriptor, which this object owns.</param>
internal sealed class MigrationFile(SystemCalls calls, SafeFileHandle file) : IMigrationData
{
    public int Read(Span<byte> data, out int done)
    {
        nint count = 0;
        int errno = calls.Before("read");
        errno = errno == 0 ? PlainIo.Read(file, data, out count) : errno;
        done = errno == 0 ? (int)count : 0;
        return errno;
    }

    public int Write(ReadOnlySpan<byte> data, out int done)
    {
        nint count = 0;
        int errno = calls.Before("write");
        errno = errno == 0 ? PlainIo.Write(file, data, out count) : errno;
        done = errno == 0 ? (int)count : 0;
        return errno;
    }

    public int GetPreCopyInfo(out PreCopyInfo info)
    {
        VfioUapi.vfio_precopy_info answer = new() { argsz = (uint)Unsafe.SizeOf<VfioUapi.vfio_precopy_info>() };
        int errno = calls.Ioctl("VFIO_MIG_GET_PRECOPY_INFO", file, VfioUapi.VFIO_MIG_GET_PRECOPY_INFO, ref answer);
        info = new PreCopyInfo(
            answer.initial_bytes, answer.dirty_bytes, (answer.flags & VfioUapi.VFIO_PRECOPY_INFO_REINIT) != 0);
        return errno;
    }

    public void Dispose() => file.Dispose();
}
