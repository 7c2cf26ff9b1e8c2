using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents an enabled interrupt of a device: the kernel counts its signals, and a program waits for them and reads
/// them.
/// </summary>
/// <remarks>
/// <para>The kernel keeps the count between waits, so no signal is lost, however late a program waits:
/// <see cref="WaitAsync"/>, <see cref="Wait(TimeSpan)"/> and <see cref="ReadAndClear"/> return the number of signals
/// since the last read. Each signal is returned once; threads that wait for the same vector share its signals.</para>
/// <para>The caller owns the vector and disposes it; disposing the device also disposes it. Thread-safe; waits that
/// have not completed then end with <see cref="ObjectDisposedException"/>. No wait allocates memory.</para>
/// </remarks>
/// <example>
/// <code>
/// using InterruptVector vector = device.Interrupts.Enable(IrqIndex.Msix, subindex: 0);
/// ulong signals = await vector.WaitAsync(cancellationToken);
/// </code>
/// </example>
public sealed partial class InterruptVector : IDisposable
{
    // Added to the counter at the end: more than there can be signals (at one per nanosecond, 146 years of them), and
    // less than it can hold.
    private const ulong EndMark = 1ul << 62;

    private readonly DeviceInterrupts _interrupts;
    private readonly SafeFileHandle _eventFd;
    private readonly int _number; // the descriptor, for code during which it cannot be closed
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

    /// <summary>Gets the interrupt type.</summary>
    public IrqIndex Index => Info.Index;

    /// <summary>Gets the number of the vector within its interrupt type, from 0.</summary>
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

    /// <summary>Reads the signals without waiting.</summary>
    /// <returns>The number of signals since the last read; 0 if there are none.</returns>
    /// <exception cref="ObjectDisposedException">The vector or its device was disposed.</exception>
    public ulong ReadAndClear()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return Note(Vfio.EventFd.Take(_eventFd));
    }

    /// <summary>Waits for a signal: this thread sleeps in the kernel until the eventfd is signalled.</summary>
    /// <param name="timeout">The maximum time; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>The number of signals since the last read, 1 or more; 0 after the timeout.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not
    /// infinite.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The vector or its device was disposed, before or during the wait.
    /// </exception>
    public ulong Wait(TimeSpan timeout) => Wait(timeout, spin: TimeSpan.Zero);

    /// <summary>
    /// Waits for a signal adaptively: polls for a while, and then sleeps. A signal that arrives soon is seen earlier,
    /// at the price of a busy processor.
    /// </summary>
    /// <param name="timeout">
    /// The maximum time, including the polling; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </param>
    /// <param name="spin">
    /// How long to poll before sleeping. A good start is the cost of a sleep and a wake, some ten microseconds.
    /// </param>
    /// <inheritdoc cref="Wait(TimeSpan)"/>
    public ulong Wait(TimeSpan timeout, TimeSpan spin)
    {
        Deadline deadline = Deadline.In(timeout);
        Deadline spinning = Deadline.In(spin);
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            // One system call, and none to find out that there is nothing yet.
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
    /// <param name="vectors">
    /// The vectors; at least one. If several have signals, the first is returned: read all of them to let none starve.
    /// </param>
    /// <param name="timeout">The maximum time; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>The index of the vector, from 0; -1 after the timeout.</returns>
    /// <exception cref="ArgumentException">No vectors were passed.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not
    /// infinite.</exception>
    /// <exception cref="ObjectDisposedException">
    /// One of the vectors was disposed, before or during the wait.
    /// </exception>
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

    /// <summary>Disables the vector: no more signals arrive, and waits end. Can be called more than once.</summary>
    public void Dispose() => _interrupts.Disable(this);

    /// <summary>Returns the name of the vector in messages: <c>Msix vector 3 of 0000:00:14.3</c>.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => $"{Index} vector {Subindex} of {_interrupts.DeviceName}";

    /// <summary>Ends the vector, after the kernel or the device model has released the eventfd.</summary>
    internal void End()
    {
        _isDisposed = true;
        EndWaitAsync();
        Vfio.EventFd.Add(_eventFd, EndMark); // wakes threads that wait for it, which then see that it is disposed
        _eventFd.Dispose();
        lock (_lock)
        {
            _unmaskEvent?.Dispose();
        }
    }

    // Removes the mark of the end from the count.
    private ulong Note(ulong count)
    {
        if (count >= EndMark)
        {
            // The vector was disposed between the check and the read. The mark is put back for other threads, and is
            // not a signal.
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
