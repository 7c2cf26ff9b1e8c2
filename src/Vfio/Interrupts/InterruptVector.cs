using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// One interrupt of a device, enabled: the kernel counts its signals, and a program waits for them and takes them.
/// </summary>
/// <remarks>
/// <para>
/// The count is kept by the kernel between waits, so no signal is lost, however late one waits:
/// <see cref="WaitAsync"/>, <see cref="Wait(TimeSpan)"/> and <see cref="ReadAndClear"/> each give the number since
/// anybody took it last. Each signal is given once; several threads that wait for one vector share its signals.
/// </para>
/// <para>
/// The caller owns the vector and disposes it; disposing the device disposes it too. Any thread may use it, at any
/// time; waits that are under way then end with <see cref="ObjectDisposedException"/>. No wait allocates memory.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// using InterruptVector vector = device.Interrupts.Enable(IrqIndex.Msix, subindex: 0);
/// ulong signals = await vector.WaitAsync(cancellationToken);
/// </code>
/// </example>
public sealed partial class InterruptVector : IDisposable
{
    // Added to the counter at the end: more than there can be signals (at one a nanosecond 146 years of them), less
    // than it holds.
    private const ulong EndMark = 1ul << 62;

    private readonly DeviceInterrupts _interrupts;
    private readonly SafeFileHandle _eventFd;
    private readonly int _number; // the eventfd's, for code during which it cannot be closed
    private readonly bool _isInline;
    private ulong _signals;
    private volatile bool _isDisposed;

    internal InterruptVector(DeviceInterrupts interrupts, IrqInfo info, int subindex, InterruptOptions options)
    {
        _interrupts = interrupts;
        Info = info;
        Subindex = subindex;
        _wait = new AsyncWait(this);
        _loop = options.Loop;
        _isInline = options.RunContinuationsInline;
        _eventFd = Vfio.EventFd.Create(ToString());
        _number = (int)_eventFd.DangerousGetHandle();
    }

    /// <summary>Gets what the kernel reported about the vector's interrupt type when the vector was enabled.</summary>
    public IrqInfo Info { get; }

    /// <summary>In which way it interrupts.</summary>
    public IrqIndex Index => Info.Index;

    /// <summary>Gets which of its kind it is, from 0 on: the number of the vector.</summary>
    public int Subindex { get; }

    /// <summary>Gets how many signals were received since the vector was enabled.</summary>
    public ulong SignalCount => Volatile.Read(ref _signals);

    /// <summary>
    /// Gets the eventfd itself (eventfd(2)), for a program's own loop: poll it, then read its 8 bytes. A read blocks if
    /// there is no signal, and consumes the signals. The vector owns it: do not close it, and do not use it after the
    /// vector is disposed.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    public SafeFileHandle EventFd
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _eventFd;
        }
    }

    /// <summary>Takes the signals there are, without waiting.</summary>
    /// <returns>The number of signals since the last read; 0 if there are none.</returns>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    public ulong ReadAndClear()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return Note(Vfio.EventFd.Take(_eventFd));
    }

    /// <summary>Waits for a signal: this thread sleeps in the kernel, on the eventfd itself.</summary>
    /// <param name="timeout">For how long at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <returns>How many signals came since they were taken last, 1 or more; 0 if the time is over.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not
    /// infinite.</exception>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed, perhaps meanwhile.</exception>
    public ulong Wait(TimeSpan timeout) => Wait(timeout, spin: TimeSpan.Zero);

    /// <summary>
    /// Waits for a signal adaptively: looks again and again for a while, and sleeps only then. What comes soon is seen
    /// sooner, at the price of a busy processor.
    /// </summary>
    /// <param name="timeout">For how long at most, looking included; <see cref="Timeout.InfiniteTimeSpan"/> for
    /// ever.</param>
    /// <param name="spin">How long to look before sleeping; what a sleep and waking up cost, some ten microseconds, is
    /// a good start.</param>
    /// <inheritdoc cref="Wait(TimeSpan)"/>
    public ulong Wait(TimeSpan timeout, TimeSpan spin)
    {
        Deadline deadline = Deadline.In(timeout);
        Deadline spinning = Deadline.In(spin);
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            // one system call, and none to see that there is nothing yet
            bool isBlocking = spinning.IsOver && timeout == Timeout.InfiniteTimeSpan;
            ulong count = Note(isBlocking ? Vfio.EventFd.WaitAndTake(_eventFd) : Vfio.EventFd.Take(_eventFd));
            if (count != 0)
            {
                return count;
            }

            if (deadline.IsOver)
            {
                return 0;
            }
            else if (!spinning.IsOver)
            {
                Thread.SpinWait(1);
            }
            else if (!isBlocking)
            {
                EventWait.Any([_eventFd], deadline.Left);
            }
        }
    }

    /// <summary>
    /// Waits until any of several vectors, of any devices, has signals. This does not consume them:
    /// <see cref="ReadAndClear"/> does.
    /// </summary>
    /// <param name="vectors">The vectors; at least one. Of several that have signals the first is told: who never wants
    /// to starve the last takes from all.</param>
    /// <param name="timeout">For how long at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <returns>Which one, from 0 on; -1 if the time is over.</returns>
    /// <exception cref="ArgumentException">No vectors.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not
    /// infinite.</exception>
    /// <exception cref="ObjectDisposedException">One of the vectors was disposed, perhaps meanwhile.</exception>
    public static int WaitForAny(ReadOnlySpan<InterruptVector> vectors, TimeSpan timeout)
    {
        if (vectors.IsEmpty)
        {
            throw new ArgumentException("no vectors to wait for", nameof(vectors));
        }

        Deadline deadline = Deadline.In(timeout);
        SafeFileHandle[] files = System.Buffers.ArrayPool<SafeFileHandle>.Shared.Rent(vectors.Length);
        try
        {
            for (int i = 0; i < vectors.Length; i++)
            {
                files[i] = vectors[i].EventFd;
            }

            while (true)
            {
                int ready = EventWait.Any(files.AsSpan(0, vectors.Length), deadline.Left);
                foreach (InterruptVector vector in vectors)
                {
                    ObjectDisposedException.ThrowIf(vector._isDisposed, vector);
                }

                if (ready >= 0 || deadline.IsOver)
                {
                    return ready;
                }
            }
        }
        finally
        {
            System.Buffers.ArrayPool<SafeFileHandle>.Shared.Return(files, clearArray: true);
        }
    }

    /// <summary>Disables the vector: no signal comes any more, and waits end. More than once is harmless.</summary>
    public void Dispose() => _interrupts.Disable(this);

    /// <summary>The vector's name in messages: <c>Msix vector 3 of 0000:00:14.3</c>.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => $"{Index} vector {Subindex} of {_interrupts.DeviceName}";

    /// <summary>Ends the vector, after the kernel or the device model has released the eventfd.</summary>
    internal void End()
    {
        _isDisposed = true;
        EndWaitAsync();
        Vfio.EventFd.Add(_eventFd, EndMark); // wakes threads that wait for it; they see that it is disposed
        _eventFd.Dispose();
        lock (_lock)
        {
            _unmaskEvent?.Dispose();
        }
    }

    // What was read is what came, but for the mark of the end.
    private ulong Note(ulong count)
    {
        if (count >= EndMark)
        {
            // Between the look whether it is disposed and the read it ended: the mark stays for others, and is no
            // signal.
            Vfio.EventFd.Add(_eventFd, EndMark);
            count -= EndMark;
        }

        if (count != 0)
        {
            Interlocked.Add(ref _signals, count);
        }

        return count;
    }
}
