using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

// Connections: they come, ask once, get or do not get, and end.
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
                // Only its end is told of one that has a device.
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
            // Whoever waits is served when a descriptor is free; asking at once again would only turn in circles.
            _poll.Remove(_listener.SafeHandle);
            _acceptsAgainAt = now + AcceptPause;
        }

        if (errno != 0)
        {
            // It has gone again, or waits.
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
            // Whoever it is cannot be told from others.
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
            ? string.Create(CultureInfo.InvariantCulture, $"this user has {_options.MaxConnectionsPerUser} connections already")
            : _clients.Count > _options.MaxConnections ? string.Create(CultureInfo.InvariantCulture, $"the broker has {_options.MaxConnections} connections already") : null;
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
            // It went before it asked: nothing happened.
            End(client);
            return;
        }

        if (received.IsCut || received.HadMoreFiles)
        {
            Drop(client, new BrokerRefusal(BrokerRefusalCode.Malformed, received.IsCut ? $"a message has at most {BrokerProtocol.MostBytes} bytes" : "a request carries no descriptors"));
        }
        else if (BrokerProtocol.ReadRequest(buffer[..received.Length], out BrokerRequest request) is BrokerRefusal wrong)
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
            // Closed here at once: the device is the client's alone, and the kernel's when the client ends.
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

            refusal = new BrokerRefusal(BrokerRefusalCode.Failed, $"the client did not take it: {ErrnoNames.Describe(errno)}");
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
            CultureInfo.InvariantCulture, $"{hold.Device} of the IOMMU group {group} is with {_options.Names.Of(user)} (uid {user}, pid {process}), since {seconds} s");
    }

    private void DropSilent()
    {
        long now = Now;
        if (_acceptsAgainAt != long.MinValue && now >= _acceptsAgainAt)
        {
            _acceptsAgainAt = long.MinValue;
            _poll.Add(_listener.SafeHandle, ListenerKey, isOneShot: false);
        }

        while (_deadlines.TryPeek(out (ulong Key, long Deadline) first) && (now >= first.Deadline || !IsWaitedFor(first.Key)))
        {
            _deadlines.Dequeue();
            if (_clients.TryGetValue(first.Key, out BrokerConnection? client) && client.Hold is null)
            {
                Drop(client, new BrokerRefusal(BrokerRefusalCode.Timeout, "it asked nothing in time"));
            }
        }
    }

    private bool IsWaitedFor(ulong key) => _clients.TryGetValue(key, out BrokerConnection? client) && client.Hold is null;

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

        // The last descriptor of it: the kernel stops watching it by itself.
        client.Dispose();
    }
}
