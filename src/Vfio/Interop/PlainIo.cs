using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Wraps read(2) and write(2). The methods return the errno, 0 for success.</summary>
internal static unsafe class PlainIo
{
    public static int Read(SafeFileHandle file, Span<byte> data, out nint done)
    {
        int errno;
        fixed (byte* start = data)
        {
            do
            {
                done = Libc.Read(file, start, (nuint)data.Length);
                errno = done < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Errno.EINTR);
        }

        return errno;
    }

    public static int Write(SafeFileHandle file, ReadOnlySpan<byte> data, out nint done)
    {
        int errno;
        fixed (byte* start = data)
        {
            do
            {
                done = Libc.Write(file, start, (nuint)data.Length);
                errno = done < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Errno.EINTR);
        }

        return errno;
    }
}
