using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>write(2) of a whole buffer in one call: a kernel attribute takes its value so or not at all.</summary>
internal static unsafe class WholeWrite
{
    /// <returns>The errno; ENOSPC for a short write; 0 if it worked.</returns>
    public static int Write(SafeFileHandle file, ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data)
        {
            nint done = Libc.Write(file, start, (nuint)data.Length);
            int errno = Marshal.GetLastPInvokeError();
            return done < 0 ? errno : done == data.Length ? 0 : Errno.ENOSPC;
        }
    }
}
