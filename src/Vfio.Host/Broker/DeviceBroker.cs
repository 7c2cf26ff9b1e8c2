using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// Passes devices to programs that may not open the device nodes: it opens the nodes and sends the descriptors over a
/// Unix socket, as a policy allows and to one client at a time, and records who had which device. <c>vfio broker</c>
/// runs it; clients call <see cref="VfioDevice.OpenThroughBroker"/>. docs/broker.md describes the protocol.
/// </summary>
/// <remarks>
/// <para>The broker needs access to the nodes and nothing else: no capability, no root. It keeps no descriptor of a
/// device. The device belongs to the client, and the kernel closes it when the client ends.</para>
/// <para>One thread runs it (<see cref="Run"/>); any thread may set <see cref="Policy"/>.</para>
/// </remarks>
public sealed partial class DeviceBroker : IDisposable
{
    /// <summary>The default path of the socket, for brokers and clients.</summary>
    public const string DefaultSocketPath = BrokerProtocol.DefaultSocketPath;

    private const ulong ListenerKey = 0;
    private const ulong StopKey = 1;
    private const ulong FirstClientKey = 2;
    private const int MostEvents = 64;
    private const int AcceptPause = 100; // milliseconds, after the process has run out of descriptors

    private readonly Socket _listener;
    private readonly BrokerOptions _options;
    private readonly BrokerRecord _record;
    private readonly BrokerJudge _judge;
    private readonly EventPoll _poll = new();
    private readonly SafeFileHandle _stop = EventFd.Create("the broker", blocks: false);
    private readonly Dictionary<ulong, BrokerConnection> _clients = [];
    private readonly Dictionary<uint, int> _clientsOf = [];
    private readonly Dictionary<int, BrokerConnection> _holders = [];
    private readonly Queue<(ulong Key, long Deadline)> _deadlines = [];
    private volatile BrokerPolicy _policy;
    private ulong _nextKey = FirstClientKey;
    private long _acceptsAgainAt = long.MinValue;
    private bool _isDisposed;

    /// <summary>Creates a broker on a listening socket.</summary>
    /// <param name="listener">
    /// A listening Unix socket of type SOCK_SEQPACKET (<see cref="Listen"/>). The broker disposes it, also if this
    /// constructor fails.
    /// </param>
    /// <param name="policy">The policy.</param>
    /// <param name="options">The limits and the record; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">The socket is of another type, or does not listen.</exception>
    /// <exception cref="VfioException">The kernel has no file descriptor left.</exception>
    public DeviceBroker(Socket listener, BrokerPolicy policy, BrokerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(listener);
        ArgumentNullException.ThrowIfNull(policy);
        _options = options ?? new BrokerOptions();
        (_listener, _policy) = (listener, policy);
        _record = new BrokerRecord(_options.Record, _options.Names);
        _judge = new BrokerJudge(_options.Host, new BrokerNodes(_options.Host, _options.Calls));
        try
        {
            if (listener.AddressFamily != AddressFamily.Unix
                || listener.SocketType != SocketType.Seqpacket
                || !IsListening(listener))
            {
                throw new ArgumentException(
                    "the socket is not a listening Unix socket of type SOCK_SEQPACKET (in systemd: "
                    + "ListenSequentialPacket=)",
                    nameof(listener));
            }

            ArgumentOutOfRangeException.ThrowIfLessThan(_options.MaxConnections, 1, nameof(options));
            ArgumentOutOfRangeException.ThrowIfLessThan(_options.MaxConnectionsPerUser, 1, nameof(options));
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_options.RequestTimeout, TimeSpan.Zero, nameof(options));
            listener.Blocking = false;
            _poll.Add(listener.SafeHandle, ListenerKey, isOneShot: false);
            _poll.Add(_stop, StopKey, isOneShot: false);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Gets or sets the policy for the next requests. A client that holds a device keeps it, because a descriptor
    /// cannot be revoked.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is <see langword="null"/>.</exception>
    public BrokerPolicy Policy
    {
        get => _policy;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _policy = value;
        }
    }

    /// <summary>Gets the number of connected clients.</summary>
    internal int ConnectionCount => _clients.Count;

    /// <summary>Serves clients until canceled, then records which clients still hold a device. Call it once.</summary>
    /// <param name="cancellationToken">Stops the broker.</param>
    /// <exception cref="ObjectDisposedException">The broker was disposed.</exception>
    /// <exception cref="VfioException">The event loop failed.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using CancellationTokenRegistration registration = cancellationToken.Register(() => EventFd.Add(_stop));
        Span<ulong> keys = stackalloc ulong[MostEvents];
        while (!cancellationToken.IsCancellationRequested)
        {
            int count = _poll.Wait(keys, NextTimeout());
            if (count < 0)
            {
                throw new VfioException("epoll_wait", "the broker's connections", "the call failed");
            }

            foreach (ulong key in keys[..count])
            {
                Serve(key);
            }

            DropSilent();
        }

        foreach (BrokerConnection holder in _holders.Values)
        {
            _record.Tell(holder, BrokerEventKind.Orphaned, now: Now);
        }
    }

    /// <summary>
    /// Closes the socket and the connections. Clients keep the devices that they hold. Must not be called while
    /// <see cref="Run"/> runs.
    /// </summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        foreach (BrokerConnection client in _clients.Values)
        {
            client.Dispose();
        }

        _poll.Dispose();
        _stop.Dispose();
        _listener.Dispose();
    }

    private static bool IsListening(Socket socket) =>
        socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is int and not 0;

    // Milliseconds.
    private long Now => (long)_options.Clock.GetElapsedTime(0).TotalMilliseconds;

    private int NextTimeout()
    {
        long now = Now;
        long next = _deadlines.TryPeek(out (ulong Key, long Deadline) first) ? first.Deadline : long.MaxValue;
        next = _acceptsAgainAt == long.MinValue ? next : Math.Min(next, _acceptsAgainAt);
        return next == long.MaxValue ? Timeout.Infinite : (int)Math.Clamp(next - now + 1, 0, int.MaxValue);
    }
}
