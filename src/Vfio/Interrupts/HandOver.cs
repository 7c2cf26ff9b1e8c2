using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// A thread in addition to the one of an <see cref="InterruptLoop"/>, which runs continuations after an interrupt.
/// Waking it takes one system call; the thread pool takes twice as long to wake. It runs one continuation at a time;
/// the thread pool runs those that arrive while it is busy, so that none waits for another.
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

    /// <summary>
    /// Runs work on this thread or in the thread pool. Called by one thread, and not after <see cref="Dispose"/>.
    /// </summary>
    public void Do(IThreadPoolWorkItem work)
    {
        if (!_isDisposed && Interlocked.CompareExchange(ref _work, work, null) is null)
        {
            EventFd.Add(_wake);
            // Lets the woken thread run immediately if it was queued behind this one, which would only go to sleep.
            Thread.Yield();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
        }
    }

    /// <summary>
    /// Ends the thread after its current work. Does not wait for it, since that work may wait for the caller of this
    /// method. Called by the thread that gives it work, or after that thread has ended.
    /// </summary>
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

            // One wake can be for both: new work, and the end.
            if (_isDisposed && Volatile.Read(ref _work) is null)
            {
                break;
            }
        }

        _wake.Dispose();
    }
}
