using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// A client's connection. The client makes one request, and the connection lasts as long as the client holds the
/// device.
/// </summary>
internal sealed class BrokerConnection : IDisposable
{
    private const int FewGroups = 64;
    private const int MostGroups = 65536; // NGROUPS_MAX

    private readonly SafeFileHandle _socket;

    /// <summary>Creates the connection.</summary>
    /// <param name="socket">The accepted socket; the connection disposes it.</param>
    /// <param name="key">The connection's key in the event loop.</param>
    /// <param name="now">When it was accepted, in milliseconds of the broker's clock.</param>
    public BrokerConnection(SafeFileHandle socket, ulong key, long now)
    {
        (_socket, Key, Since) = (socket, key, now);
        Peer = ReadPeer(socket);
    }

    public ulong Key { get; }

    public BrokerPeer Peer { get; }

    /// <summary>Gets when the connection was accepted or, after a grant, when the device was granted.</summary>
    public long Since { get; private set; }

    /// <summary>Gets what the client was granted; <see langword="null"/> before the grant.</summary>
    public BrokerHold? Hold { get; private set; }

    public SafeHandle Handle => _socket;

    /// <summary>Receives the client's message, if there is one.</summary>
    /// <returns>The errno; EAGAIN if there is no message.</returns>
    public int TryReceive(Span<byte> buffer, out ReceivedMessage received) =>
        DescriptorMessage.TryReceive(Handle, buffer, out received);

    /// <summary>Sends a refusal to the client. A failure to send is ignored.</summary>
    public void Refuse(BrokerRefusal refusal)
    {
        Span<byte> message = stackalloc byte[BrokerProtocol.MostBytes];
        _ = DescriptorMessage.Send(Handle, message[..BrokerProtocol.WriteRefusal(message, refusal)], [], waits: false);
    }

    /// <summary>Sends the descriptors to the client.</summary>
    /// <returns>The errno; 0 if they were sent.</returns>
    public int Grant(PciAddress device, BrokerOpening opening, long now)
    {
        Span<byte> message = stackalloc byte[BrokerProtocol.GrantBytes];
        BrokerProtocol.WriteGrant(message, new BrokerGrant(opening.Backend, opening.Group));
        int errno = DescriptorMessage.Send(Handle, message, opening.Files, waits: false);
        if (errno == 0)
        {
            Hold = new BrokerHold(device, opening.Backend, opening.Group, opening.Line);
            Since = now;
        }

        return errno;
    }

    public void Dispose() => _socket.Dispose();

    private static BrokerPeer ReadPeer(SafeFileHandle socket)
    {
        Libc.ucred credentials = default;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<Libc.ucred>(ref credentials));
        return SocketOption.Read(socket, Libc.SO_PEERCRED, bytes, out int length) == 0 && length == bytes.Length
            ? new BrokerPeer(credentials.uid, credentials.gid, credentials.pid, ReadGroups(socket))
            : throw new VfioException(
                "getsockopt", "a client of the broker", "the kernel does not report its user (SO_PEERCRED)");
    }

    private static uint[] ReadGroups(SafeFileHandle socket)
    {
        foreach (int room in (int[])[FewGroups, MostGroups])
        {
            // ERANGE: the user has more groups than fit.
            byte[] bytes = new byte[room * sizeof(uint)];
            if (SocketOption.Read(socket, Libc.SO_PEERGROUPS, bytes, out int length) == 0)
            {
                return [.. Enumerable.Range(0, length / sizeof(uint))
                    .Select(i => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint))))];
            }
        }

        return [];
    }
}

/// <summary>A device that was granted to a client.</summary>
/// <param name="Device">The requested device.</param>
/// <param name="Backend">The kind of nodes.</param>
/// <param name="Group">The device's IOMMU group, which no other client gets meanwhile.</param>
/// <param name="Line">The rule that allowed it.</param>
internal sealed record BrokerHold(PciAddress Device, BrokerBackend Backend, int Group, int Line);
