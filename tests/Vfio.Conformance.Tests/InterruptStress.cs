namespace Vfio.Conformance.Tests;

/// <summary>
/// Does everything at the same time, on several vectors of one device: triggers, waits of each kind including cancelled
/// ones, masks, and vectors that are disabled and enabled again. At the end, every trigger has been counted once.
/// </summary>
internal sealed class InterruptStress : IDisposable
{
    private const int Triggerers = 2;
    private static readonly TimeSpan MostWait = TimeSpan.FromMicroseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly DeviceInterrupts _interrupts;
    private readonly IrqIndex _index;
    private readonly Slot[] _slots;
    private volatile bool _isOver;

    public InterruptStress(VfioDevice device, IrqIndex index, int vectors)
    {
        _interrupts = device.Interrupts;
        _index = index;
        _slots = [.. _interrupts.EnableRange(index, 0, vectors).Select(vector => new Slot { Vector = vector })];
    }

    /// <summary>Counts the waits that were cancelled or ended by the disposal of their vector.</summary>
    public int Cancelled { get; private set; }

    /// <summary>Counts how often a vector was disabled and enabled again.</summary>
    public int Changes { get; private set; }

    public void Run(int triggers, int seed)
    {
        Task[] triggerers = [.. Enumerable.Range(0, Triggerers)
            .Select(i => Start(() => Trigger(triggers / Triggerers, new Random(seed + i))))];
        Task[] others =
        [
            .. Enumerable.Range(0, 2).Select(i => Start(() => Wait(new Random(seed + 10 + i)))),
            .. Enumerable.Range(0, 2).Select(i => Task.Run(() => WaitAsync(i, new Random(seed + 20 + i)))),
            Start(() => Change(new Random(seed + 30))),
        ];
        Task.WaitAll(triggerers);
        // On a busy host, all triggers may be done before any other thread gets the processor.
        SpinWait.SpinUntil(() => Cancelled != 0 && Changes != 0, Patience);
        _isOver = true;
        Task.WaitAll(others);
        foreach (Slot slot in _slots)
        {
            slot.Take(slot.Vector.ReadAndClear());
        }

        Assert.Equal(triggers / Triggerers * Triggerers, _slots.Sum(slot => slot.Triggered));
        Assert.Equal(_slots.Select(slot => slot.Triggered), _slots.Select(slot => slot.Taken));
        Assert.All(_slots, slot => Assert.NotEqual(0, slot.Triggered));
    }

    public void Dispose()
    {
        foreach (Slot slot in _slots)
        {
            slot.Vector.Dispose();
            slot.Changing.Dispose();
        }
    }

    private static Task Start(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Trigger(int count, Random random)
    {
        for (int i = 0; i < count; i++)
        {
            Slot slot = _slots[random.Next(_slots.Length)];
            slot.Changing.EnterReadLock();
            try
            {
                slot.Vector.Trigger();
                slot.Trigger();
            }
            finally
            {
                slot.Changing.ExitReadLock();
            }
        }
    }

    private void Wait(Random random)
    {
        while (!_isOver)
        {
            Slot slot = _slots[random.Next(_slots.Length)];
            try
            {
                switch (random.Next(4))
                {
                    case 0: slot.Take(slot.Vector.ReadAndClear()); break;
                    case 1: slot.Take(slot.Vector.Wait(MostWait)); break;
                    case 2: slot.Take(slot.Vector.Wait(MostWait, spin: MostWait * random.NextDouble())); break;
                    default:
                        InterruptVector[] all = [.. _slots.Select(each => each.Vector)];
                        int ready = InterruptVector.WaitForAny(all, MostWait);
                        if (ready >= 0)
                        {
                            _slots[ready].Take(all[ready].ReadAndClear());
                        }

                        break;
                }
            }
            catch (ObjectDisposedException)
            {
                // The vector was replaced at the same time.
            }
        }
    }

    // A vector allows one such wait at a time, so the vectors are divided among the threads.
    private async Task WaitAsync(int share, Random random)
    {
        while (!_isOver)
        {
            Slot slot = _slots[random.Next(_slots.Length)];
            if (slot.Vector.Subindex % 2 != share)
            {
                await Task.Yield(); // with one vector this share has none
                continue;
            }

            using CancellationTokenSource cancellation = new();
            try
            {
                ValueTask<ulong> wait = slot.Vector.WaitAsync(cancellation.Token);
                Thread.SpinWait(random.Next(200));
                await cancellation.CancelAsync();
                slot.Take(await wait);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
            {
                lock (_slots)
                {
                    Cancelled++;
                }
            }
        }
    }

    private void Change(Random random)
    {
        while (!_isOver)
        {
            Slot slot = _slots[random.Next(_slots.Length)];
            if (slot.Vector.IsMaskable)
            {
                slot.Vector.Mask();
                slot.Vector.Unmask();
            }

            slot.Changing.EnterWriteLock();
            try
            {
                slot.Take(slot.Vector.ReadAndClear()); // all triggers are done
                int subindex = slot.Vector.Subindex;
                slot.Vector.Dispose();
                slot.Vector = _interrupts.Enable(_index, subindex);
                Changes++;
            }
            finally
            {
                slot.Changing.ExitWriteLock();
            }

            Thread.Sleep(1);
        }
    }

    private sealed class Slot
    {
        private InterruptVector? _vector;
        private long _triggered;
        private long _taken;

        public ReaderWriterLockSlim Changing { get; } = new();

        public InterruptVector Vector
        {
            get => Volatile.Read(ref _vector)!;
            set => Volatile.Write(ref _vector, value);
        }

        public long Triggered => Interlocked.Read(ref _triggered);

        public long Taken => Interlocked.Read(ref _taken);

        public void Trigger() => Interlocked.Increment(ref _triggered);

        public void Take(ulong count) => Interlocked.Add(ref _taken, (long)count);
    }
}
