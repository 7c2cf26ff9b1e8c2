using System.Net.Sockets;

namespace Vfio.Host;

// The socket, if systemd does not pass one.
public sealed partial class DeviceBroker
{
    private const UnixFileMode ForEverybody = UnixFileMode.UserRead
        | UnixFileMode.UserWrite
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite;
    private const int Backlog = 128;

    /// <summary>
    /// Makes a broker's socket, to which every user may connect: the policy decides by the credentials that the kernel
    /// reports. Replaces the socket of a broker that was killed.
    /// </summary>
    /// <param name="path">
    /// The path; at most 107 bytes, in a folder that only root and the broker's user may write.
    /// </param>
    /// <returns>The socket, listening. The caller disposes it, which removes the file.</returns>
    /// <exception cref="VfioException">
    /// Another process listens there, something other than a socket is there, or the folder may not be written.
    /// </exception>
    public static Socket Listen(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Socket socket = BrokerClient.NewSocket();
        try
        {
            UnixDomainSocketEndPoint endPoint = BrokerClient.EndPointOf(path);
            RemoveDead(path, endPoint);
            socket.Bind(endPoint);
            File.SetUnixFileMode(path, ForEverybody);
            socket.Listen(Backlog);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new VfioException(
                "listen", path, e.Message, "create the folder, and let the broker's user write to it");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // A socket without a listener is only a leftover name.
    private static void RemoveDead(string path, UnixDomainSocketEndPoint endPoint)
    {
        if (!Path.Exists(path))
        {
            return;
        }

        using Socket probe = BrokerClient.NewSocket();
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && FileStatus.IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e)
        {
            throw new VfioException("listen", path, $"the path is in use by something else: {e.Message}");
        }

        throw new VfioException("listen", path, "a broker is listening there already");
    }
}
