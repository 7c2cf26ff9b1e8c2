using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Wraps epoll(7): waits until one of many descriptors is readable; each is identified by a key.</summary>
internal sealed unsafe class EventPoll : IDisposable
{
    private const int MostEvents = 64;

    // struct epoll_event is packed only on x86-64: 32 bits of events, 64 of data.
    private static readonly int EventBytes = X86Base.X64.IsSupported ? 12 : 16;
    private static readonly int DataOffset = X86Base.X64.IsSupported ? 4 : 8;

    private readonly SafeFileHandle _epoll;

    public EventPoll()
    {
        _epoll = Libc.EPollCreate1(Libc.EPOLL_CLOEXEC);
        int errno = Marshal.GetLastPInvokeError();
        if (_epoll.IsInvalid)
        {
            throw new VfioException("epoll_create1", "the event loop", errno);
        }
    }

    /// <summary>Watches a descriptor. One that reports only once reports nothing until <see cref="Arm"/>.</summary>
    public void Add(SafeHandle file, ulong key, bool isOneShot)
    {
        int errno = Control(Libc.EPOLL_CTL_ADD, file, isOneShot ? 0 : Libc.EPOLLIN, key);
        if (errno != 0)
        {
            throw new VfioException("epoll_ctl", "the event loop", errno);
        }
    }

    /// <summary>Reports once, now or later, that the descriptor is readable.</summary>
    /// <returns>The errno; 0 for success.</returns>
    public int Arm(SafeFileHandle file, ulong key) =>
        Control(Libc.EPOLL_CTL_MOD, file, Libc.EPOLLIN | Libc.EPOLLONESHOT, key);

    /// <summary>From now on, reports only that the other end of the descriptor was closed.</summary>
    public void WatchEndOnly(SafeHandle file, ulong key) => Control(Libc.EPOLL_CTL_MOD, file, 0, key);

    /// <summary>Stops watching. An event that was fetched already can still arrive.</summary>
    public void Remove(SafeHandle file) => Control(Libc.EPOLL_CTL_DEL, file, 0, 0);

    /// <summary>Waits for events.</summary>
    /// <param name="keys">Receives the keys of the events; at most as many as fit.</param>
    /// <param name="milliseconds">The maximum time; -1 for no limit.</param>
    /// <returns>The number of events; negative if the call failed.</returns>
    public int Wait(Span<ulong> keys, int milliseconds = -1)
    {
        using HandleUse use = new(_epoll);
        byte* events = stackalloc byte[MostEvents * 16];
        int count;
        do
        {
            count = Libc.EPollWait(use.Number, events, int.Min(MostEvents, keys.Length), milliseconds);
        }
        while (count < 0 && Marshal.GetLastSystemError() == Errno.EINTR);

        for (int i = 0; i < count; i++)
        {
            keys[i] = *(ulong*)(events + (i * EventBytes) + DataOffset);
        }

        return count;
    }

    public void Dispose() => _epoll.Dispose();

    private int Control(int operation, SafeHandle file, uint events, ulong key)
    {
        byte* @event = stackalloc byte[16];
        *(uint*)@event = events;
        *(ulong*)(@event + DataOffset) = key;
        using HandleUse epoll = new(_epoll);
        using HandleUse use = new(file);
        return Libc.EPollCtl(epoll.Number, operation, use.Number, @event) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }
}
