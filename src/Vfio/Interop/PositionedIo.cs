using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Wraps pread and pwrite for spans. The methods return the errno instead of throwing; 0 if the call itself succeeded.
/// </summary>
internal static unsafe class PositionedIo
{
    public static int Read(SafeFileHandle file, Span<byte> data, long offset, out nint done)
    {
        int errno;
        fixed (byte* start = data)
        {
            do
            {
                done = Libc.PRead(file, start, (nuint)data.Length, offset);
                errno = done < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Errno.EINTR);
        }

        return errno;
    }

    public static int Write(SafeFileHandle file, ReadOnlySpan<byte> data, long offset, out nint done)
    {
        int errno;
        fixed (byte* start = data)
        {
            do
            {
                done = Libc.PWrite(file, start, (nuint)data.Length, offset);
                errno = done < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Errno.EINTR);
        }

        return errno;
    }
}
