using System.Net.Sockets;

namespace Vfio.Host;

// The socket, where systemd does not bring one.
public sealed partial class DeviceBroker
{
    private const UnixFileMode ForEverybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
    private const int Backlog = 128;

    /// <summary>
    /// Makes a broker's socket, which everybody may connect to: the policy decides, by what the kernel says of who connects. In place of one that a broker left there when it
    /// was killed.
    /// </summary>
    /// <param name="path">Where; at most 107 bytes, in a folder that only the broker's user and root may write.</param>
    /// <returns>The socket, listening; the caller owns it, and its disposal removes the file.</returns>
    /// <exception cref="VfioException">Somebody listens there, something else is there, or the folder may not be written.</exception>
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
            throw new VfioException("listen", path, e.Message, "the folder must be there, and the broker's user must be allowed to write it");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // One that nobody listens at any more is a name and nothing else.
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
            throw new VfioException("listen", path, $"something else is there: {e.Message}");
        }

        throw new VfioException("listen", path, "a broker listens there already");
    }
}
