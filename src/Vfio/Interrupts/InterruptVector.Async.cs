using System.Threading.Tasks.Sources;

namespace Vfio;

// Asynchronous waits. Only one at a time, so that one object holds the state of all waits and none of them allocates
// memory.
public sealed partial class InterruptVector
{
    private readonly AsyncWait _wait;
    private readonly Lock _lock = new();
    private InterruptLoop? _loop;
    private ulong _key; // under the lock; 0 until the loop has the vector
    private WaitState _state; // under the lock
    // Written under _lock until the state changes, then by the thread that changed it.
    private ManualResetValueTaskSourceCore<ulong> _source;
    private CancellationTokenRegistration _cancellation;
    private ulong _result; // of a wait that is Completed and not yet reported

    private enum WaitState
    {
        None,
        Waiting,
        Completed, // and the result not yet read
    }

    /// <summary>
    /// Waits for a signal without blocking a thread: the loop's thread (<see cref="InterruptOptions.Loop"/>) sees the
    /// signal, and another thread continues. Completes immediately if there are signals.
    /// </summary>
    /// <param name="cancellationToken">
    /// Ends the wait. A signal that arrives at the same moment is not lost, but kept for the next wait.
    /// </param>
    /// <returns>
    /// The number of signals since the last read, 1 or more. Await it once, as every <see cref="ValueTask"/>.
    /// </returns>
    /// <exception cref="InvalidOperationException">
    /// Another asynchronous wait has not completed, or was not awaited.
    /// </exception>
    /// <exception cref="ObjectDisposedException">
    /// The vector or its device was disposed, before or during the wait.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<ulong> WaitAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ulong>(cancellationToken);
        }

        short version;
        lock (_lock)
        {
            ThrowIfWaiting();

            ulong count = ReadAndClear();
            if (count != 0)
            {
                return new ValueTask<ulong>(count);
            }

            _loop ??= _interrupts.Loop;
            if (_key == 0)
            {
                _key = _loop.Add(_eventFd, _wait);
            }

            _source.Reset();
            version = _source.Version;
            _state = WaitState.Waiting;
            try
            {
                _loop.Arm(_eventFd, _key);
            }
            catch
            {
                _state = WaitState.None;
                throw;
            }
        }

        if (cancellationToken.CanBeCanceled)
        {
            // This may run immediately, and may come too late: it ends a wait only if one is pending, and GetResult
            // waits for it.
            _cancellation = cancellationToken.UnsafeRegister(
                static (vector, token) => ((InterruptVector)vector!).Cancel(token), this);
        }

        return new ValueTask<ulong>(_wait, version);
    }

    private void ThrowIfWaiting()
    {
        if (_state != WaitState.None)
        {
            string other = _state == WaitState.Waiting ? "another is pending" : "the previous one was not awaited";
            throw new InvalidOperationException($"only one wait at a time is possible on {this}: {other}");
        }
    }

    private ulong GetResult(short token)
    {
        if (_source.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException(
                "the wait has not ended; await the ValueTask instead of reading its result");
        }

        _cancellation.Dispose();
        _cancellation = default;
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            lock (_lock)
            {
                _source.Reset(); // the result of a wait can be read only once
                _state = WaitState.None;
            }
        }
    }

    private void OnReady()
    {
        ulong count;
        lock (_lock)
        {
            if (_state != WaitState.Waiting || _isDisposed)
            {
                return; // cancelled: the signals are kept; or ending, which ends the wait
            }

            count = Note(Vfio.EventFd.Take(_number)); // a thread that closes it waits for the lock first
            if (count == 0)
            {
                _loop!.TryArm(_eventFd, _key); // another reader consumed them
                return;
            }

            _state = WaitState.Completed;
            _result = count;
        }

        if (_isInline)
        {
            Complete();
        }
        else
        {
            _loop!.HandOver(_wait);
        }
    }

    // On the thread that continues.
    private void Complete()
    {
        _source.RunContinuationsAsynchronously = false;
        _source.SetResult(_result);
    }

    private void Cancel(CancellationToken token)
    {
        if (TryComplete())
        {
            Fail(new OperationCanceledException(token));
        }
    }

    private void EndWaitAsync()
    {
        if (TryComplete())
        {
            Fail(new ObjectDisposedException(ToString()));
        }

        lock (_lock)
        {
            if (_key != 0)
            {
                _loop!.Remove(_eventFd, _key);
                _key = 0;
            }
        }
    }

    private void Fail(Exception exception)
    {
        _source.RunContinuationsAsynchronously = !_isInline;
        _source.SetException(exception);
    }

    private bool TryComplete()
    {
        lock (_lock)
        {
            if (_state != WaitState.Waiting)
            {
                return false;
            }

            _state = WaitState.Completed;
            return true;
        }
    }

    // The runtime and the loop call these. They are not members of the vector, so that no caller of the library can
    // complete a wait.
    private sealed class AsyncWait(InterruptVector vector)
        : IValueTaskSource<ulong>, IInterruptTarget, IThreadPoolWorkItem
    {
        public ulong GetResult(short token) => vector.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => vector._source.GetStatus(token);

        public void OnCompleted(
            Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            vector._source.OnCompleted(continuation, state, token, flags);

        public void OnReady() => vector.OnReady();

        public void OnLoopEnded() => vector.EndWaitAsync();

        public void Execute() => vector.Complete();
    }
}
