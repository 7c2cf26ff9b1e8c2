using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>read(2) and write(2) of what comes next; the errno comes back, 0 if the call worked.</summary>
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
