using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Sends and receives messages of a Unix socket that can carry descriptors (SCM_RIGHTS). Each call makes one system
/// call, and repeats it if a signal interrupted it.
/// </summary>
internal static unsafe class DescriptorMessage
{
    /// <summary>The maximum number of descriptors in a message. If a peer sends more, the kernel passes none.</summary>
    public const int MostFiles = 2;

    // CMSG_LEN and CMSG_SPACE for this number: the header is as long as its alignment requires, and two descriptors
    // fill the rest.
    private const int HeaderBytes = 16;
    private const int ControlBytes = HeaderBytes + (MostFiles * sizeof(int));

    /// <summary>Sends a whole message, or nothing.</summary>
    /// <returns>The errno; 0 for success.</returns>
    public static int Send(
        SafeHandle socket, ReadOnlySpan<byte> message, ReadOnlySpan<SafeFileHandle> files, bool waits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(files.Length, MostFiles);
        byte* control = stackalloc byte[ControlBytes];
        int held = 0;
        try
        {
            for (; held < files.Length; held++)
            {
                bool isHeld = false;
                files[held].DangerousAddRef(ref isHeld);
                *(int*)(control + HeaderBytes + (held * sizeof(int))) = (int)files[held].DangerousGetHandle();
            }

            *(Libc.cmsghdr*)control = new()
            {
                cmsg_len = (nuint)(HeaderBytes + (held * sizeof(int))),
                cmsg_level = Libc.SOL_SOCKET,
                cmsg_type = Libc.SCM_RIGHTS,
            };
            fixed (byte* start = message)
            {
                Libc.iovec vector = new() { iov_base = start, iov_len = (nuint)message.Length };
                Libc.msghdr call = new()
                {
                    msg_iov = &vector,
                    msg_iovlen = 1,
                    msg_control = held == 0 ? null : control,
                    msg_controllen = held == 0 ? 0u : ControlBytes,
                };
                return Send(socket, &call, Libc.MSG_NOSIGNAL | (waits ? 0 : Libc.MSG_DONTWAIT));
            }
        }
        finally
        {
            foreach (SafeFileHandle file in files[..held])
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Receives the next message if there is one. Descriptors in it never reach this process: the kernel drops them,
    /// because there is no room for them.
    /// </summary>
    /// <returns>The errno; EAGAIN if there is no message.</returns>
    public static int TryReceive(SafeHandle socket, Span<byte> buffer, out ReceivedMessage received) =>
        Receive(socket, buffer, null, 0, Libc.MSG_DONTWAIT, out received, out _);

    /// <summary>
    /// Waits for a message, at most as long as the socket's timeout, and receives it with its descriptors, which the
    /// caller owns.
    /// </summary>
    /// <returns>The errno; EAGAIN after the timeout.</returns>
    public static int Receive(
        SafeHandle socket, Span<byte> buffer, out ReceivedMessage received, out SafeFileHandle[] files)
    {
        byte* control = stackalloc byte[ControlBytes];
        int errno = Receive(socket, buffer, control, ControlBytes, Libc.MSG_CMSG_CLOEXEC, out received, out int used);
        Libc.cmsghdr* header = (Libc.cmsghdr*)control;
        bool hasFiles = errno == 0
            && used >= HeaderBytes
            && header->cmsg_level == Libc.SOL_SOCKET
            && header->cmsg_type == Libc.SCM_RIGHTS;
        files = new SafeFileHandle[hasFiles
            ? ((int)nuint.Min(header->cmsg_len, (nuint)used) - HeaderBytes) / sizeof(int)
            : 0];
        for (int i = 0; i < files.Length; i++)
        {
            files[i] = new SafeFileHandle(*(int*)(control + HeaderBytes + (i * sizeof(int))), ownsHandle: true);
        }

        return errno;
    }

    private static int Send(SafeHandle socket, Libc.msghdr* call, int flags)
    {
        using HandleUse use = new(socket);
        int errno;
        do
        {
            errno = Libc.SendMsg(use.Number, call, flags) >= 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        while (errno == Errno.EINTR);
        return errno;
    }

    private static int Receive(
        SafeHandle socket,
        Span<byte> buffer,
        byte* control,
        int controlBytes,
        int flags,
        out ReceivedMessage received,
        out int used)
    {
        using HandleUse use = new(socket);
        fixed (byte* start = buffer)
        {
            Libc.iovec vector = new() { iov_base = start, iov_len = (nuint)buffer.Length };
            Libc.msghdr call = new()
            {
                msg_iov = &vector,
                msg_iovlen = 1,
                msg_control = control,
                msg_controllen = (nuint)controlBytes,
            };
            nint length;
            int errno;
            do
            {
                length = Libc.RecvMsg(use.Number, &call, flags);
                errno = length >= 0 ? 0 : Marshal.GetLastPInvokeError();
            }
            while (errno == Errno.EINTR);
            received = errno == 0
                ? new ReceivedMessage(
                    (int)length, (call.msg_flags & Libc.MSG_TRUNC) != 0, (call.msg_flags & Libc.MSG_CTRUNC) != 0)
                : default;
            used = errno == 0 ? (int)call.msg_controllen : 0;
            return errno;
        }
    }
}

/// <summary>Describes a received message.</summary>
/// <param name="Length">The bytes in the buffer; 0 if the peer has closed the connection, or sent nothing.</param>
/// <param name="IsCut">Whether the message was longer than the buffer.</param>
/// <param name="HadMoreFiles">Whether it had descriptors that did not fit.</param>
internal readonly record struct ReceivedMessage(int Length, bool IsCut, bool HadMoreFiles);
