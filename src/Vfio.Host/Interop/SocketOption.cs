using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>Accepts clients of a Unix socket, and reads what the kernel knows of them (unix(7)).</summary>
internal static class SocketOption
{
    /// <summary>Accepts a client that waits, into a socket that does not block. Its name, which is the client's to choose, is not looked at.</summary>
    /// <param name="listener">The listening socket.</param>
    /// <param name="client">The client; the caller's. Invalid where the errno is not 0.</param>
    /// <returns>The errno, 0 where one was accepted.</returns>
    public static int Accept(SafeHandle listener, out SafeFileHandle client)
    {
        client = HostLibc.Accept(listener, 0, 0, HostLibc.SOCK_CLOEXEC | HostLibc.SOCK_NONBLOCK);
        return client.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>Reads an option of the level SOL_SOCKET.</summary>
    /// <returns>The errno, 0 where <paramref name="length"/> bytes of the value are there.</returns>
    public static int Read(SafeHandle socket, int option, Span<byte> value, out int length)
    {
        uint size = (uint)value.Length;
        bool isRead = HostLibc.GetSocketOption(socket, Libc.SOL_SOCKET, option, value, ref size) == 0;
        length = isRead ? (int)Math.Min(size, (uint)value.Length) : 0;
        return isRead ? 0 : Marshal.GetLastPInvokeError();
    }
}
