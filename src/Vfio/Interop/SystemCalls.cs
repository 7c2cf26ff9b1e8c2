using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Makes the system calls that open devices and map memory, each with the name that an error shows. One object is used
/// for a device and its address space, so that a test can make any of its calls fail.
/// </summary>
/// <param name="fault">
/// Called with the name of each call before it is made; returns the errno with which the call must fail, or 0.
/// <see langword="null"/> for none.
/// </param>
internal sealed unsafe class SystemCalls(Func<string, int>? fault = null)
{
    /// <summary>Gets whether a call must fail; for calls that are made elsewhere.</summary>
    /// <returns>The errno; 0 for none.</returns>
    public int Before(string call) => fault is null ? 0 : fault(call);

    /// <returns>The errno; 0 for success.</returns>
    public int Open(string path, int flags, out SafeFileHandle file)
    {
        file = new SafeFileHandle(-1, ownsHandle: false);
        int errno = Before("open");
        if (errno != 0)
        {
            return errno;
        }

        SafeFileHandle opened = Libc.Open(path, flags | Libc.O_CLOEXEC);
        errno = Marshal.GetLastPInvokeError();
        if (opened.IsInvalid)
        {
            opened.Dispose();
            return errno;
        }

        file = opened;
        return 0;
    }

    /// <summary>Makes an ioctl that takes a number.</summary>
    /// <returns>The errno; 0 for success.</returns>
    public int Ioctl(string call, SafeFileHandle file, nuint request, nint value, out int result)
    {
        result = -1;
        int errno = Before(call);
        if (errno == 0)
        {
            result = Libc.Ioctl(file, request, value);
            errno = result < 0 ? Marshal.GetLastPInvokeError() : 0;
        }

        return errno;
    }

    /// <summary>Makes an ioctl that takes a text.</summary>
    /// <returns>The errno; 0 for success.</returns>
    public int Ioctl(string call, SafeFileHandle file, nuint request, string text, out int result)
    {
        result = -1;
        int errno = Before(call);
        if (errno == 0)
        {
            result = Libc.Ioctl(file, request, text);
            errno = result < 0 ? Marshal.GetLastPInvokeError() : 0;
        }

        return errno;
    }

    /// <summary>Makes an ioctl that takes a structure, and may fill it.</summary>
    /// <returns>The errno; 0 for success.</returns>
    public int Ioctl<T>(string call, SafeFileHandle file, nuint request, ref T argument)
        where T : unmanaged
    {
        fixed (T* start = &argument)
        {
            return Ioctl(call, file, request, start, out _);
        }
    }

    /// <summary>Makes an ioctl that takes a structure with data after it.</summary>
    /// <returns>The errno; 0 for success.</returns>
    public int Ioctl(string call, SafeFileHandle file, nuint request, Span<byte> argument, out int result)
    {
        fixed (byte* start = argument)
        {
            return Ioctl(call, file, request, start, out result);
        }
    }

    private int Ioctl(string call, SafeFileHandle file, nuint request, void* argument, out int result)
    {
        result = -1;
        int errno = Before(call);
        if (errno == 0)
        {
            using HandleUse use = new(file);
            result = Libc.Ioctl(use.Number, request, argument);
            errno = result < 0 ? Marshal.GetLastSystemError() : 0;
        }

        return errno;
    }
}
