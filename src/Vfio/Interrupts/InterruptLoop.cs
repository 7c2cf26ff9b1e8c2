using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents a thread that waits for the interrupts that programs await (<see cref="InterruptVector.WaitAsync"/>), and
/// a second one that runs their continuations. Each device creates its own for its first such wait; a program with many
/// devices can share one (<see cref="InterruptOptions.Loop"/>).
/// </summary>
/// <remarks>
/// The caller owns a loop that it creates, and disposes it after the devices that use it. Thread-safe.
/// </remarks>
public sealed class InterruptLoop : IDisposable
{
    private const ulong StopKey = ulong.MaxValue;
    private const int MostEvents = 64;
    private const int FewTargets = 16;

    private readonly EventPoll _poll = new();
    private readonly SafeFileHandle _stop;
    private readonly Thread _thread;
    private readonly HandOver _handOver;
    private readonly Lock _lock = new();
    // Written under _lock, replaced when full. The low half of a key is its index.
    private Target?[] _targets = new Target?[FewTargets];
    // Under the lock. The high half of a key: an event that was fetched for the former target of an index is ignored.
    private uint _turn;
    private bool _isDisposed; // under the lock

    /// <summary>Starts the thread, in the background: it does not keep the process alive.</summary>
    /// <param name="name">The name of the thread, as debuggers show it.</param>
    /// <exception cref="VfioException">The process has no descriptors left.</exception>
    public InterruptLoop(string name = "vfio interrupts")
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            _stop = EventFd.Create("the event loop");
            _poll.Add(_stop, StopKey, isOneShot: false);
            _handOver = new HandOver($"{name}, after");
        }
        catch
        {
            _stop?.Dispose();
            _poll.Dispose();
            throw;
        }

        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>
    /// Ends the thread. Waits that have not completed end with <see cref="ObjectDisposedException"/>. Can be called
    /// more than once.
    /// </summary>
    public void Dispose()
    {
        Target?[] left;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            left = _targets;
            Volatile.Write(ref _targets, []);
            EventFd.Add(_stop);
        }

        if (Thread.CurrentThread != _thread) // else called by a continuation that runs on it
        {
            _thread.Join();
        }

        _handOver.Dispose();
        foreach (Target? target in left)
        {
            target?.Told.OnLoopEnded();
        }
    }

    /// <summary>Adds a target, which is notified of its eventfd once each time it is armed.</summary>
    /// <returns>The key of the target.</returns>
    internal ulong Add(SafeFileHandle eventFd, IInterruptTarget target)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            int place = Array.IndexOf(_targets, null);
            if (place < 0)
            {
                place = _targets.Length;
                Target?[] more = new Target?[2 * place];
                _targets.CopyTo(more, 0);
                Volatile.Write(ref _targets, more);
            }

            ulong key = ((ulong)++_turn << 32) | (uint)place;
            _poll.Add(eventFd, key, isOneShot: true);
            Volatile.Write(ref _targets[place], new Target(key, target));
            return key;
        }
    }

    /// <summary>Notifies the target as soon as its eventfd can be read.</summary>
    internal void Arm(SafeFileHandle eventFd, ulong key)
    {
        int errno = TryArm(eventFd, key) ?? throw new ObjectDisposedException(nameof(InterruptLoop));
        if (errno != 0)
        {
            throw new VfioException("epoll_ctl", "the event loop", errno);
        }
    }

    /// <summary>Does the same on the loop's own thread, which must not end through an exception.</summary>
    /// <returns>The errno, 0 for success; <see langword="null"/> if the loop has ended, which ends the wait.</returns>
    internal int? TryArm(SafeFileHandle eventFd, ulong key)
    {
        lock (_lock)
        {
            return _isDisposed ? null : _poll.Arm(eventFd, key);
        }
    }

    /// <summary>Runs work on another thread than the loop's.</summary>
    internal void HandOver(IThreadPoolWorkItem work) => _handOver.Do(work);

    /// <summary>Removes a target. It is not notified again, but a call to it may still be running.</summary>
    internal void Remove(SafeFileHandle eventFd, ulong key)
    {
        lock (_lock)
        {
            if (!_isDisposed && _targets[(uint)key]?.Key == key)
            {
                Volatile.Write(ref _targets[(uint)key], null);
                _poll.Remove(eventFd);
            }
        }
    }

    // No lock between an interrupt and the program that waits for it.
    private void Run()
    {
        Span<ulong> keys = stackalloc ulong[MostEvents];
        while (true)
        {
            int count = _poll.Wait(keys);
            for (int i = 0; i < count; i++)
            {
                Target?[] targets = Volatile.Read(ref _targets);
                uint place = (uint)keys[i];
                if (place < (uint)targets.Length
                    && Volatile.Read(ref targets[place]) is Target target
                    && target.Key == keys[i])
                {
                    target.Told.OnReady();
                }
            }

            if (count < 0 || Volatile.Read(ref _isDisposed))
            {
                break;
            }
        }

        lock (_lock)
        {
            _isDisposed = true;
            _poll.Dispose();
            _stop.Dispose();
        }
    }

    private sealed record Target(ulong Key, IInterruptTarget Told);
}

/// <summary>Represents what an <see cref="InterruptLoop"/> notifies, on its thread.</summary>
internal interface IInterruptTarget
{
    /// <summary>Called when the eventfd can be read.</summary>
    void OnReady();

    /// <summary>Called when the loop has ended.</summary>
    void OnLoopEnded();
}
