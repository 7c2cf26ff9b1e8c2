using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>Accepts clients of a Unix socket, and reads what the kernel knows about them (unix(7)).</summary>
internal static class SocketOption
{
    /// <summary>
    /// Accepts a waiting client into a non-blocking socket. Does not read the client's address, which the client
    /// chooses.
    /// </summary>
    /// <param name="listener">The listening socket.</param>
    /// <param name="client">The client's socket, which the caller disposes; invalid if the errno is not 0.</param>
    /// <returns>The errno; 0 if a client was accepted.</returns>
    public static int Accept(SafeHandle listener, out SafeFileHandle client)
    {
        client = HostLibc.Accept(listener, 0, 0, HostLibc.SOCK_CLOEXEC | HostLibc.SOCK_NONBLOCK);
        return client.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>Reads an option of level SOL_SOCKET.</summary>
    /// <returns>The errno; 0 if <paramref name="length"/> bytes of the value were read.</returns>
    public static int Read(SafeHandle socket, int option, Span<byte> value, out int length)
    {
        uint size = (uint)value.Length;
        bool isRead = HostLibc.GetSocketOption(socket, Libc.SOL_SOCKET, option, value, ref size) == 0;
        length = isRead ? (int)Math.Min(size, (uint)value.Length) : 0;
        return isRead ? 0 : Marshal.GetLastPInvokeError();
    }
}
