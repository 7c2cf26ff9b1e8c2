using Microsoft.Win32.SafeHandles;

namespace Vfio.Emulation;

/// <summary>An eventfd of a client's that writes registers of a model: with each signal all that hang on it, as the kernel does it.</summary>
/// <remarks>It has a descriptor of its own, as the kernel has its own hold: whoever gave the eventfd may close it.</remarks>
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

    /// <summary>The client's own handle, by which it is found again.</summary>
    public SafeFileHandle Given { get; }

    /// <summary>What it writes. Under the model's lock.</summary>
    public List<EventWrite> Writes { get; } = [];

    public void OnReady()
    {
        try
        {
            if (EventFd.Take(_own) != 0)
            {
                _signalled(this);
            }

            _loop.TryArm(_own, _key); // nothing may end the loop's thread
        }
        catch (ObjectDisposedException)
        {
            // The device or the last of its writes ended meanwhile.
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
