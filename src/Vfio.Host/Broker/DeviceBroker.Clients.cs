using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

// The life of a connection: it is accepted, makes one request, is granted or refused a device, and ends.
public sealed partial class DeviceBroker
{
    private void Serve(ulong key)
    {
        if (key == ListenerKey)
        {
            Accept();
        }
        else if (_clients.TryGetValue(key, out BrokerConnection? client))
        {
            if (client.Hold is null)
            {
                Answer(client);
            }
            else
            {
                // A client that holds a device is only watched for its end.
                _record.Tell(client, BrokerEventKind.Closed, now: Now);
                End(client);
            }
        }
    }

    private void Accept()
    {
        long now = Now;
        int errno = SocketOption.Accept(_listener.SafeHandle, out SafeFileHandle socket);
        if (errno is Errno.EMFILE or Errno.ENFILE or Errno.ENOBUFS or Errno.ENOMEM)
        {
            // Out of descriptors or memory. Waiting clients are served when one is free; accepting again at once would
            // only spin.
            _poll.Remove(_listener.SafeHandle);
            _acceptsAgainAt = now + AcceptPause;
        }

        if (errno != 0)
        {
            // The client has gone already, or will be accepted later.
            socket.Dispose();
            return;
        }

        BrokerConnection client;
        try
        {
            client = new BrokerConnection(socket, _nextKey++, now);
        }
        catch (VfioException)
        {
            // Without its credentials the client cannot be judged.
            socket.Dispose();
            return;
        }

        Admit(client, now);
    }

    private void Admit(BrokerConnection client, long now)
    {
        ref int ofUser = ref CollectionsMarshal.GetValueRefOrAddDefault(_clientsOf, client.Peer.Uid, out _);
        ofUser++;
        _clients.Add(client.Key, client);
        string? tooMany = ofUser > _options.MaxConnectionsPerUser
            ? string.Create(
                CultureInfo.InvariantCulture, $"this user has {_options.MaxConnectionsPerUser} connections already")
            : _clients.Count > _options.MaxConnections ? string.Create(
                CultureInfo.InvariantCulture, $"the broker has {_options.MaxConnections} connections already")
            : null;
        if (tooMany is not null)
        {
            Drop(client, new BrokerRefusal(BrokerRefusalCode.TooMany, tooMany));
            return;
        }

        try
        {
            _poll.Add(client.Handle, client.Key, isOneShot: false);
            _deadlines.Enqueue((client.Key, now + (long)_options.RequestTimeout.TotalMilliseconds));
        }
        catch (VfioException e)
        {
            Drop(client, new BrokerRefusal(BrokerRefusalCode.Failed, e.Message));
        }
    }

    private void Answer(BrokerConnection client)
    {
        Span<byte> buffer = stackalloc byte[BrokerProtocol.MostBytes];
        int errno = client.TryReceive(buffer, out ReceivedMessage received);
        if (errno == Errno.EAGAIN)
        {
            return;
        }

        if (errno != 0 || received is { Length: 0, HadMoreFiles: false })
        {
            // The client went away before it made a request, so there is nothing to record.
            End(client);
            return;
        }

        if (received.IsCut || received.HadMoreFiles)
        {
            Drop(client, new BrokerRefusal(BrokerRefusalCode.Malformed, received.IsCut
                ? $"the message is longer than {BrokerProtocol.MostBytes} bytes"
                : "a request must not carry descriptors"));
        }
        else if (BrokerProtocol.ReadRequest(
            buffer[..received.Length], out BrokerRequest request) is BrokerRefusal wrong)
        {
            Drop(client, wrong);
        }
        else
        {
            Decide(client, request);
        }
    }

    private void Decide(BrokerConnection client, BrokerRequest request)
    {
        long now = Now;
        BrokerRefusal? refusal = _judge.Open(_policy, client.Peer, request, FindHolder, out BrokerOpening opening);
        if (refusal is null)
        {
            int errno = client.Grant(request.Address, opening, now);
            // Close the broker's copies at once, so that the device is only the client's, and the kernel closes it when
            // the client ends.
            foreach (SafeFileHandle file in opening.Files)
            {
                file.Dispose();
            }

            if (errno == 0)
            {
                _holders[opening.Group] = client;
                _poll.WatchEndOnly(client.Handle, client.Key);
                _record.Tell(client, BrokerEventKind.Opened);
                return;
            }

            refusal = new BrokerRefusal(
                BrokerRefusalCode.Failed,
                $"the descriptors could not be sent to the client: {ErrnoNames.Describe(errno)}");
        }

        _record.Tell(client, BrokerEventKind.Refused, refusal, request, now);
        client.Refuse(refusal);
        End(client);
    }

    private string? FindHolder(int group)
    {
        if (!_holders.TryGetValue(group, out BrokerConnection? holder) || holder.Hold is not BrokerHold hold)
        {
            return null;
        }

        long seconds = (Now - holder.Since) / 1000;
        (uint user, int process) = (holder.Peer.Uid, holder.Peer.Pid);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{hold.Device} of IOMMU group {group} has been held by {_options.Names.Of(user)} (uid {user}, pid "
            + $"{process}) for {seconds} s");
    }

    private void DropSilent()
    {
        long now = Now;
        if (_acceptsAgainAt != long.MinValue && now >= _acceptsAgainAt)
        {
            _acceptsAgainAt = long.MinValue;
            _poll.Add(_listener.SafeHandle, ListenerKey, isOneShot: false);
        }

        while (_deadlines.TryPeek(out (ulong Key, long Deadline) first)
            && (now >= first.Deadline || !IsWaitedFor(first.Key)))
        {
            _deadlines.Dequeue();
            if (_clients.TryGetValue(first.Key, out BrokerConnection? client) && client.Hold is null)
            {
                Drop(client, new BrokerRefusal(BrokerRefusalCode.Timeout, "the client made no request in time"));
            }
        }
    }

    private bool IsWaitedFor(ulong key) =>
        _clients.TryGetValue(key, out BrokerConnection? client) && client.Hold is null;

    private void Drop(BrokerConnection client, BrokerRefusal refusal)
    {
        _record.Tell(client, BrokerEventKind.Dropped, refusal, request: null, Now);
        client.Refuse(refusal);
        End(client);
    }

    private void End(BrokerConnection client)
    {
        _clients.Remove(client.Key);
        ref int ofUser = ref CollectionsMarshal.GetValueRefOrNullRef(_clientsOf, client.Peer.Uid);
        if (--ofUser == 0)
        {
            _clientsOf.Remove(client.Peer.Uid);
        }

        if (client.Hold is BrokerHold hold)
        {
            _holders.Remove(hold.Group);
        }

        // This is the last descriptor of the connection, so the kernel stops watching it by itself.
        client.Dispose();
    }
}
