using Microsoft.Win32.SafeHandles;
using Vfio.Interop;

namespace Vfio.Emulation;

/// <summary>Unmasks a model's INTx whenever an eventfd is signalled, as the kernel does for its devices; with a thread of its own, few need one.</summary>
internal sealed class UnmaskWatch : IInterruptTarget, IDisposable
{
    private readonly ModelSession _session;
    private readonly SafeFileHandle _eventFd;
    private readonly InterruptLoop _loop;
    private readonly ulong _key;

    public UnmaskWatch(ModelSession session, SafeFileHandle eventFd)
    {
        _session = session;
        _eventFd = eventFd;
        _loop = new InterruptLoop($"unmask {session.Name}");
        _key = _loop.Add(eventFd, this);
        _loop.Arm(eventFd, _key);
    }

    public void OnReady()
    {
        try
        {
            if (EventFd.Take(_eventFd) != 0)
            {
                _session.UnmaskIntxByEvent();
            }

            _loop.TryArm(_eventFd, _key);
        }
        catch (ObjectDisposedException)
        {
            // The vector, the device or this watch ended meanwhile.
        }
    }

    public void OnLoopEnded()
    {
    }

    public void Dispose() => _loop.Dispose();
}
