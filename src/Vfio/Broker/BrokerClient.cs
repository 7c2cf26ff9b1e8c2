using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Implements the client's side of the broker's protocol: connects, sends a request, and receives the answer.
/// </summary>
internal static class BrokerClient
{
    // The broker answers immediately, but an overloaded host can delay it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);

    /// <exception cref="VfioException">The path is too long for a socket.</exception>
    public static UnixDomainSocketEndPoint EndPointOf(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new VfioException("connect", path, "the path is too long for a socket: 107 bytes at most");
        }
    }

    /// <summary>Asks a broker for a device.</summary>
    /// <param name="path">The path of its socket.</param>
    /// <param name="request">The device.</param>
    /// <param name="connection">
    /// The connection. The caller owns it, keeps it open as long as the device is used, and closes it after the device.
    /// </param>
    /// <param name="files">
    /// The descriptor of the device or group, then that of the iommufd or container; the caller owns them.
    /// </param>
    /// <returns>What the broker granted.</returns>
    /// <exception cref="VfioException">No broker listens there, or it refused; the message says why.</exception>
    public static BrokerGrant Ask(string path, BrokerRequest request, out Socket connection, out SafeFileHandle[] files)
    {
        connection = NewSocket();
        files = [];
        try
        {
            connection.SendTimeout = connection.ReceiveTimeout = (int)Patience.TotalMilliseconds;
            Connect(connection, path);
            // If the broker answered and closed the connection before the request was sent, its answer can still be
            // received.
            Span<byte> message = stackalloc byte[BrokerProtocol.RequestBytes];
            BrokerProtocol.WriteRequest(message, request);
            int sent = DescriptorMessage.Send(connection.SafeHandle, message, [], waits: true);
            return Receive(connection, path, request, sent, out files);
        }
        catch
        {
            connection.Dispose();
            Close(files);
            throw;
        }
    }

    private static void Connect(Socket connection, string path)
    {
        try
        {
            connection.Connect(EndPointOf(path));
        }
        catch (SocketException e)
        {
            throw e.SocketErrorCode == SocketError.AccessDenied
                ? new VfioException("connect", path, e.Message, "this user may not use the socket")
                : new VfioException("connect", path, e.Message, "is the broker running?")
                {
                    Reason = VfioErrorReason.NoBroker,
                };
        }
    }

    private static BrokerGrant Receive(
        Socket connection, string path, BrokerRequest request, int sent, out SafeFileHandle[] files)
    {
        Span<byte> answer = stackalloc byte[BrokerProtocol.MostBytes];
        int errno = DescriptorMessage.Receive(connection.SafeHandle, answer, out ReceivedMessage received, out files);
        if (errno == Errno.ECONNRESET)
        {
            // If the broker closed the connection before it read everything, this is reported first, once. Its answer
            // follows.
            errno = DescriptorMessage.Receive(connection.SafeHandle, answer, out received, out files);
        }

        if (errno != 0 || received.Length == 0)
        {
            errno = errno != 0 ? errno : sent;
            string reason = errno == Errno.EAGAIN ? $"no answer within {Patience.TotalSeconds} s"
                : errno == 0 ? "it closed the connection without an answer"
                : ErrnoNames.Describe(errno);
            throw new VfioException(
                "ask", $"the broker at {path}", reason, "the broker's log tells more: journalctl -u vfio-broker");
        }

        BrokerGrant grant = default;
        BrokerRefusal? refusal = received.IsCut || received.HadMoreFiles
            ? new BrokerRefusal(BrokerRefusalCode.Malformed, "the answer is longer than this version allows")
            : BrokerProtocol.ReadAnswer(answer[..received.Length], out grant);
        if (refusal is not null)
        {
            throw new VfioException("open", $"{request.Address} through the broker", refusal.Reason, HintFor(
                refusal.Code))
            { Reason = ReasonOf(refusal.Code), Device = request.Address.ToString() };
        }

        return files.Length == DescriptorMessage.MostFiles
            ? grant
            : throw new VfioException(
                "open",
                $"{request.Address} through the broker",
                $"the answer came with {files.Length} descriptors instead of {DescriptorMessage.MostFiles}",
                "does this process have descriptors left? see ulimit -n");
    }

    private static void Close(SafeFileHandle[] files)
    {
        foreach (SafeFileHandle file in files)
        {
            file.Dispose();
        }
    }

    private static VfioErrorReason ReasonOf(BrokerRefusalCode code) => code switch
    {
        BrokerRefusalCode.NoDevice => VfioErrorReason.DeviceNotFound,
        BrokerRefusalCode.NotBound => VfioErrorReason.NotBoundForBroker,
        BrokerRefusalCode.NotAllowed => VfioErrorReason.NotAllowedByBroker,
        BrokerRefusalCode.Busy => VfioErrorReason.Busy,
        _ => VfioErrorReason.Other,
    };

    private static string? HintFor(BrokerRefusalCode code) => code switch
    {
        BrokerRefusalCode.NotAllowed => "the broker's policy decides who may have which device; docs/broker.md",
        BrokerRefusalCode.NoDevice => "/sys/bus/pci/devices lists the devices of the host",
        BrokerRefusalCode.NotBound => "bind it to vfio-pci first, for the broker's user",
        BrokerRefusalCode.Busy => "only one client at a time can have a device, and with it the whole IOMMU group",
        BrokerRefusalCode.TooMany => "try again when other clients have ended",
        BrokerRefusalCode.Version or BrokerRefusalCode.Malformed =>
            "the client and the broker have different versions of vfio, or another program listens there",
        _ => null,
    };
}
