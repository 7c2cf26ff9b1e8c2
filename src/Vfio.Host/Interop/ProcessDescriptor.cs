using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>A process by a descriptor (pidfd_open(2)): its number may go to another, the descriptor does not.</summary>
internal static unsafe class ProcessDescriptor
{
    private const int MillisecondsPerSecond = 1000;
    private const int NanosecondsPerMillisecond = 1_000_000;

    /// <returns>The errno, 0 where it worked.</returns>
    public static int Open(int process, out SafeFileHandle descriptor)
    {
        descriptor = HostLibc.PidFdOpen(process);
        return descriptor.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <returns>The errno, 0 where it worked.</returns>
    public static int Signal(SafeFileHandle descriptor, int signal)
    {
        using HandleUse use = new(descriptor);
        return HostLibc.PidFdSendSignal(use.Number, signal) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Waits for the end of the process.</summary>
    /// <param name="descriptor">The process.</param>
    /// <param name="milliseconds">For how long; negative for as long as it takes.</param>
    /// <returns>Whether it has ended.</returns>
    public static bool Wait(SafeFileHandle descriptor, long milliseconds)
    {
        using HandleUse use = new(descriptor);
        Libc.pollfd poll = new() { fd = use.Number, events = Libc.POLLIN };
        Libc.timespec time = new() { tv_sec = (nint)(milliseconds / MillisecondsPerSecond), tv_nsec = (nint)(milliseconds % MillisecondsPerSecond * NanosecondsPerMillisecond) };
        int count;
        do
        {
            count = Libc.PPoll(&poll, 1, milliseconds < 0 ? null : &time, null);
        }
        while (count < 0 && milliseconds < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);

        return count > 0;
    }

    /// <summary>Begins a session of this process's own, without a terminal.</summary>
    /// <returns>Whether it did; not where the process leads its group already.</returns>
    public static bool LeaveSession() => HostLibc.SetSid() >= 0;
}
