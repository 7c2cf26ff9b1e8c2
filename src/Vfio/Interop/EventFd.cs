using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents an eventfd(2): a counter in the kernel to which the kernel, devices and programs add, and which a program
/// reads and clears. It is signalled when a device is woken (<see cref="VfioDevice.EnterLowPower(EventFd?)"/>), and can
/// make the kernel write a register (<see cref="Region.WriteOnEvent{T}"/>).
/// </summary>
/// <remarks>
/// The caller owns the eventfd that it creates, and disposes it. Thread-safe. Other processes may have its descriptor
/// too.
/// </remarks>
public sealed unsafe class EventFd : IDisposable
{
    private const long NoOffset = -1;

    /// <summary>Creates an eventfd whose count is 0.</summary>
    /// <exception cref="VfioException">The process has no descriptors left.</exception>
    public EventFd() => Handle = Create("an eventfd", blocks: false);

    /// <summary>Gets the descriptor, which is closed with this object. Reads of it do not block.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Adds to the count.</summary>
    /// <param name="count">The number to add, 1 or more. The count stays at its maximum (2^64-2).</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is 0 or 2^64-1.</exception>
    /// <exception cref="ObjectDisposedException">The eventfd was disposed.</exception>
    public void Signal(ulong count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(count);
        ArgumentOutOfRangeException.ThrowIfEqual(count, ulong.MaxValue);
        Add(Handle, count);
    }

    /// <summary>Reads the count and clears it, without waiting.</summary>
    /// <returns>The count; 0 if there is no signal.</returns>
    /// <exception cref="ObjectDisposedException">The eventfd was disposed.</exception>
    public ulong ReadAndClear() => Take(Handle);

    /// <summary>Waits until the count is not 0, then reads and clears it.</summary>
    /// <param name="timeout">The maximum time; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>The count; 0 after the timeout.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative and not infinite.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The eventfd was disposed before the call. Disposal during the wait does not end the wait.
    /// </exception>
    public ulong Wait(TimeSpan timeout)
    {
        Deadline deadline = Deadline.In(timeout);
        while (true)
        {
            if (Take(Handle) is ulong count and not 0)
            {
                return count;
            }

            // Signals to the process end a wait early, and another thread may have read the count.
            if (deadline.IsOver)
            {
                return 0;
            }

            _ = EventWait.Any([Handle], deadline.Left);
        }
    }

    /// <summary>Closes the eventfd. The kernel keeps its own reference, which then has no reader.</summary>
    public void Dispose() => Handle.Dispose();

    /// <summary>Creates an eventfd whose count is 0.</summary>
    /// <param name="subject">The name in messages.</param>
    /// <param name="blocks">Whether <see cref="WaitAndTake"/> waits, and adding to a full count too.</param>
    internal static SafeFileHandle Create(string subject, bool blocks = true)
    {
        SafeFileHandle eventFd = Libc.EventFd(0, Libc.EFD_CLOEXEC | (blocks ? 0 : Libc.EFD_NONBLOCK));
        int errno = Marshal.GetLastPInvokeError();
        if (eventFd.IsInvalid)
        {
            eventFd.Dispose();
            throw new VfioException("eventfd", subject, errno);
        }

        // All signals are read without waiting. If the kernel refuses such a read, no signal would ever be seen.
        errno = Probe((int)eventFd.DangerousGetHandle());
        if (errno != Errno.EAGAIN)
        {
            eventFd.Dispose();
            throw new VfioException(
                "preadv2",
                $"the eventfd of {subject}",
                errno,
                "reading an eventfd without waiting (RWF_NOWAIT) needs Linux 5.8; a system call filter may forbid it");
        }

        return eventFd;
    }

    /// <summary>Creates another descriptor of the same eventfd.</summary>
    internal static SafeFileHandle Duplicate(SafeFileHandle eventFd, string subject)
    {
        int number = Libc.FCntl(eventFd, Libc.F_DUPFD_CLOEXEC, 0);
        int errno = Marshal.GetLastPInvokeError();
        return number >= 0
            ? new SafeFileHandle(number, ownsHandle: true)
            : throw new VfioException("F_DUPFD_CLOEXEC", subject, errno);
    }

    /// <summary>Reads and clears the count, without waiting.</summary>
    /// <returns>The count; 0 if there is no signal.</returns>
    internal static ulong Take(SafeFileHandle eventFd)
    {
        using HandleUse use = new(eventFd);
        return Take(use.Number);
    }

    /// <summary>Does the same for a descriptor that the caller keeps open.</summary>
    internal static ulong Take(int eventFd)
    {
        ulong count;
        Libc.iovec vector = new() { iov_base = &count, iov_len = sizeof(ulong) };
        return Libc.PReadV2(eventFd, &vector, 1, NoOffset, Libc.RWF_NOWAIT) == sizeof(ulong) ? count : 0;
    }

    private static int Probe(int eventFd)
    {
        ulong count;
        Libc.iovec vector = new() { iov_base = &count, iov_len = sizeof(ulong) };
        return Libc.PReadV2WithErrno(eventFd, &vector, 1, NoOffset, Libc.RWF_NOWAIT) < 0
            ? Marshal.GetLastPInvokeError()
            : 0;
    }

    /// <summary>Reads and clears the count, and waits until it is not 0.</summary>
    /// <returns>The count; 0 if a signal to the process ended the wait.</returns>
    internal static ulong WaitAndTake(SafeFileHandle eventFd)
    {
        using HandleUse use = new(eventFd);
        ulong count;
        return Libc.Read(use.Number, &count, sizeof(ulong)) == sizeof(ulong) ? count : 0;
    }

    /// <summary>Adds to the count. The sum must stay below 2^63, because adding to a full count blocks.</summary>
    internal static void Add(SafeFileHandle eventFd, ulong count = 1) =>
        _ = Libc.Write(eventFd, (byte*)&count, sizeof(ulong));
}
