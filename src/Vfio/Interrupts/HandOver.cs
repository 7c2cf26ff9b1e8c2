using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// A thread beside an <see cref="InterruptLoop"/>'s own that goes on after an interrupt: waking it costs one system call, where the thread pool takes twice as long to wake. It does one thing at a
/// time; what comes while it is busy is for the thread pool, so nobody waits for anybody.
/// </summary>
internal sealed class HandOver : IDisposable
{
    private readonly SafeFileHandle _wake;
    private readonly Thread _thread;
    private IThreadPoolWorkItem? _work; // null while the thread is idle
    private volatile bool _isDisposed;

    public HandOver(string name)
    {
        _wake = EventFd.Create(name);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Has something done, here or in the thread pool. By one thread, and not after <see cref="Dispose"/>.</summary>
    public void Do(IThreadPoolWorkItem work)
    {
        if (!_isDisposed && Interlocked.CompareExchange(ref _work, work, null) is null)
        {
            EventFd.Add(_wake);
            Thread.Yield(); // whoever waits goes on at once where it was put behind this thread, which has no more to do than to sleep
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
        }
    }

    /// <summary>Ends the thread, after what it is doing; not waited for, since that may wait for whoever disposes. By the thread that gives it work, or after that thread's end.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        EventFd.Add(_wake);
    }

    private void Run()
    {
        while (true)
        {
            _ = EventFd.WaitAndTake(_wake);
            if (Volatile.Read(ref _work) is IThreadPoolWorkItem work)
            {
                work.Execute();
                Volatile.Write(ref _work, null);
            }

            // One wake may be for both: what was given, and the end.
            if (_isDisposed && Volatile.Read(ref _work) is null)
            {
                break;
            }
        }

        _wake.Dispose();
    }
}
