using Microsoft.Win32.SafeHandles;

namespace Vfio.Emulation;

/// <summary>
/// Represents an eventfd of a client that writes registers of a device model: each signal makes all writes that use the
/// eventfd, as the kernel does.
/// </summary>
/// <remarks>
/// It duplicates the descriptor, as the kernel keeps its own reference, so the client may close the eventfd.
/// </remarks>
internal sealed class EventSource : IInterruptTarget, IDisposable
{
    private readonly InterruptLoop _loop;
    private readonly SafeFileHandle _own;
    private readonly Action<EventSource> _signalled;
    private readonly ulong _key;

    public EventSource(InterruptLoop loop, SafeFileHandle eventFd, string name, Action<EventSource> signalled)
    {
        (_loop, _signalled, Given) = (loop, signalled, eventFd);
        _own = EventFd.Duplicate(eventFd, name);
        try
        {
            _key = loop.Add(_own, this);
            loop.Arm(_own, _key);
        }
        catch
        {
            _own.Dispose();
            throw;
        }
    }

    /// <summary>Gets the client's own handle, which identifies the eventfd.</summary>
    public SafeFileHandle Given { get; }

    /// <summary>Gets the writes to make. It is used only under the model's lock.</summary>
    public List<EventWrite> Writes { get; } = [];

    public void OnReady()
    {
        try
        {
            if (EventFd.Take(_own) != 0)
            {
                _signalled(this);
            }

            _loop.TryArm(_own, _key); // must not throw, because this is the loop's thread
        }
        catch (ObjectDisposedException)
        {
            // The device was closed, or the last write removed, at the same time.
        }
    }

    public void OnLoopEnded()
    {
    }

    public void Dispose()
    {
        _loop.Remove(_own, _key);
        _own.Dispose();
    }
}
