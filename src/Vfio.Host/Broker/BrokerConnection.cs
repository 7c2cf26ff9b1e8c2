using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A client's connection: it asks once, and lives as long as the client has the device.</summary>
internal sealed class BrokerConnection : IDisposable
{
    private const int FewGroups = 64;
    private const int MostGroups = 65536; // NGROUPS_MAX

    private readonly SafeFileHandle _socket;

    /// <param name="socket">The accepted socket; owned.</param>
    /// <param name="key">What the loop knows it by.</param>
    /// <param name="now">When it was accepted, in milliseconds of the broker's clock.</param>
    public BrokerConnection(SafeFileHandle socket, ulong key, long now)
    {
        (_socket, Key, Since) = (socket, key, now);
        Peer = ReadPeer(socket);
    }

    public ulong Key { get; }

    public BrokerPeer Peer { get; }

    /// <summary>When it was accepted, and from the grant on when that was.</summary>
    public long Since { get; private set; }

    /// <summary>What it asked, and was granted.</summary>
    public BrokerHold? Hold { get; private set; }

    public SafeHandle Handle => _socket;

    /// <summary>Takes its message, if one is there.</summary>
    /// <returns>The errno; EAGAIN where there is none.</returns>
    public int TryReceive(Span<byte> buffer, out ReceivedMessage received) => DescriptorMessage.TryReceive(Handle, buffer, out received);

    /// <summary>Tells it why not. Where that does not get through, nothing is to be done.</summary>
    public void Refuse(BrokerRefusal refusal)
    {
        Span<byte> message = stackalloc byte[BrokerProtocol.MostBytes];
        _ = DescriptorMessage.Send(Handle, message[..BrokerProtocol.WriteRefusal(message, refusal)], [], waits: false);
    }

    /// <summary>Hands it the descriptors.</summary>
    /// <returns>The errno, 0 where they are on their way.</returns>
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
            : throw new VfioException("getsockopt", "a client of the broker", "the kernel does not say who it is (SO_PEERCRED)");
    }

    private static uint[] ReadGroups(SafeFileHandle socket)
    {
        foreach (int room in (int[])[FewGroups, MostGroups])
        {
            // ERANGE: it has more.
            byte[] bytes = new byte[room * sizeof(uint)];
            if (SocketOption.Read(socket, Libc.SO_PEERGROUPS, bytes, out int length) == 0)
            {
                return [.. Enumerable.Range(0, length / sizeof(uint)).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint))))];
            }
        }

        return [];
    }
}

/// <summary>What a client has.</summary>
/// <param name="Device">The device it asked for.</param>
/// <param name="Backend">By which nodes.</param>
/// <param name="Group">The IOMMU group, which is nobody else's meanwhile.</param>
/// <param name="Line">The rule that allowed it.</param>
internal sealed record BrokerHold(PciAddress Device, BrokerBackend Backend, int Group, int Line);
