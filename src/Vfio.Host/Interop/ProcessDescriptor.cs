using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// Accesses a process through a descriptor (pidfd_open(2)): its ID may be reused, the descriptor still refers to it.
/// </summary>
internal static unsafe class ProcessDescriptor
{
    private const int MillisecondsPerSecond = 1000;
    private const int NanosecondsPerMillisecond = 1_000_000;

    /// <summary>Opens a descriptor of a process.</summary>
    /// <returns>The errno; 0 if it succeeded.</returns>
    public static int Open(int process, out SafeFileHandle descriptor)
    {
        descriptor = HostLibc.PidFdOpen(process);
        return descriptor.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>Sends a signal to a process.</summary>
    /// <returns>The errno; 0 if it succeeded.</returns>
    public static int Signal(SafeFileHandle descriptor, int signal)
    {
        using HandleUse use = new(descriptor);
        return HostLibc.PidFdSendSignal(use.Number, signal) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Waits for the end of the process.</summary>
    /// <param name="descriptor">The process.</param>
    /// <param name="milliseconds">How long to wait; negative for no limit.</param>
    /// <returns>Whether it has ended.</returns>
    public static bool Wait(SafeFileHandle descriptor, long milliseconds)
    {
        using HandleUse use = new(descriptor);
        Libc.pollfd poll = new() { fd = use.Number, events = Libc.POLLIN };
        Libc.timespec time = new()
        {
            tv_sec = (nint)(milliseconds / MillisecondsPerSecond),
            tv_nsec = (nint)(milliseconds % MillisecondsPerSecond * NanosecondsPerMillisecond),
        };
        int count;
        do
        {
            count = Libc.PPoll(&poll, 1, milliseconds < 0 ? null : &time, null);
        }
        while (count < 0 && milliseconds < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);

        return count > 0;
    }

    /// <summary>Makes this process the leader of a new session without a terminal.</summary>
    /// <returns>Whether it did; <see langword="false"/> if the process leads a process group already.</returns>
    public static bool LeaveSession() => HostLibc.SetSid() >= 0;
}
