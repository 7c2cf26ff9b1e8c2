using Microsoft.Win32.SafeHandles;
using Vfio.Interop;

namespace Vfio.Emulation;

/// <summary>Does something whenever an eventfd is signalled, as the kernel does for its devices; with a thread of its own, few need one.</summary>
/// <remarks>It has a descriptor of its own, as the kernel has its own hold: whoever gave the eventfd may close it.</remarks>
internal sealed class EventWatch : IInterruptTarget, IDisposable
{
    private readonly SafeFileHandle _eventFd;
    private readonly Action _signalled;
    private readonly InterruptLoop _loop;
    private readonly ulong _key;

    public EventWatch(SafeFileHandle eventFd, string name, Action signalled)
    {
        _eventFd = EventFd.Duplicate(eventFd, name);
        _signalled = signalled;
        try
        {
            _loop = new InterruptLoop(name);
            _key = _loop.Add(_eventFd, this);
            _loop.Arm(_eventFd, _key);
        }
        catch
        {
            _loop?.Dispose();
            _eventFd.Dispose();
            throw;
        }
    }

    public void OnReady()
    {
        try
        {
            if (EventFd.Take(_eventFd) != 0)
            {
                _signalled();
            }

            _loop.Arm(_eventFd, _key);
        }
        catch (ObjectDisposedException)
        {
            // The device or this watch ended meanwhile.
        }
    }

    public void OnLoopEnded()
    {
    }

    public void Dispose()
    {
        _loop.Dispose();
        _eventFd.Dispose();
    }
}
